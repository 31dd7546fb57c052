// The video of the page: made from the bytes in it, and kept on the frame that is shown.

import { embeddedBytes } from "./decode.js";

export class Video {
  constructor(element, player) {
    this.element = element;
    this.player = player;
    this.leads = true; // sets the pace while it plays
    this.shownRow = -1; // what the screen shows, as the browser tells
    this.pending = -1;
    this._counting = "requestVideoFrameCallback" in element;
    element.addEventListener("seeked", () => this._settle());
    for (const name of ["loadedmetadata", "loadeddata"]) element.addEventListener(name, () => this._settle());
    element.addEventListener("ended", () => player.ended());
    if (this._counting) this._listen();
  }

  /** Null where the page has no video. `onError`: called where the browser cannot show it. */
  static from(element, player, onError) {
    const bytes = embeddedBytes("media");
    if (!bytes.length || !player.rows) return null;
    const video = new Video(element, player);
    element.addEventListener("error", onError, { once: true });
    element.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    video.seek(0);
    return video;
  }

  _listen() {
    this.element.requestVideoFrameCallback((now, shown) => {
      this.shownRow = this.player.nearestRow(shown.mediaTime);
      if (!this.element.seeking && this.pending < 0 && this.leads) this.player.follow(shown.mediaTime);
      this._listen();
    });
  }

  /** For browsers that do not tell of each frame. */
  tick() {
    if (this._counting || !this.leads || this.element.seeking) return;
    this.player.follow(this.player.times[this.player.rowAt(this.element.currentTime)]);
  }

  seek(row) {
    this.pending = row;
    this._settle();
  }

  /** Goes to the frame that was asked for last, one jump at a time. */
  _settle() {
    const { element } = this;
    if (this.pending < 0 || element.readyState < 1 || element.seeking) return;
    const row = this.pending;
    this.pending = -1;
    element.currentTime = this.player.middleOf(row);
  }

  play(speed) {
    this.element.playbackRate = speed;
    this.leads = true;
    this.element.play().catch((error) => {
      // pausing at once ends in an AbortError; where it may not play by itself, it follows the clock frame by frame
      if (error.name !== "AbortError") this.leads = false;
    });
  }

  pause() {
    this.element.pause();
  }

  setSpeed(speed) {
    this.element.playbackRate = speed;
  }
}
