// Which frame is shown: true time from the time stamps, whether a video sets the pace or the clock does.

export class Player {
  /** `times`: seconds of each frame from the first; `frameTime`: how long the last one lasts. */
  constructor(times, frameTime) {
    this.times = times;
    this.rows = times.length;
    this.duration = this.rows ? times[this.rows - 1] + frameTime : 0;
    this.row = 0;
    this.time = 0;
    this.playing = false;
    this.speed = 1;
    this.loop = true;
    this.media = null; // see video.js
    this.onRow = [];
    this.onState = [];
    this._before = 0;
  }

  /** The last frame that has begun at that time. */
  rowAt(time) {
    let low = 0, high = this.rows - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.times[middle] <= time + 1e-6) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The frame whose time is nearest: times of a video are rounded. */
  nearestRow(time) {
    const row = this.rowAt(time);
    const later = row + 1 < this.rows && this.times[row + 1] - time < time - this.times[row];
    return later ? row + 1 : row;
  }

  /** A time in the middle of a frame, where no rounding leads to its neighbour. */
  middleOf(row) {
    const end = row + 1 < this.rows ? this.times[row + 1] : this.duration;
    return (this.times[row] + end) / 2;
  }

  _show(row, time) {
    this.time = time;
    if (row === this.row) return;
    this.row = row;
    for (const call of this.onRow) call(row);
  }

  _changed() {
    for (const call of this.onState) call();
  }

  seek(row) {
    if (!this.rows) return;
    row = Math.min(Math.max(Math.round(row), 0), this.rows - 1);
    this._show(row, this.times[row]);
    this.media?.seek(row);
  }

  seekTime(time) {
    this.seek(this.rowAt(Math.min(Math.max(time, 0), this.duration)));
  }

  step(count) {
    this.pause();
    this.seek(this.row + count);
  }

  play() {
    if (!this.rows || this.playing) return;
    if (this.row === this.rows - 1) this.seek(0);
    this.playing = true;
    this._before = performance.now();
    this.media?.play(this.speed);
    this._changed();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.media?.pause();
    this.seek(this.row);
    this._changed();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.media?.setSpeed(speed);
    this._changed();
  }

  setLoop(loop) {
    this.loop = loop;
    this._changed();
  }

  /** The end was reached. */
  ended() {
    if (!this.playing) return;
    if (this.loop) {
      this.seek(0);
      this.media?.play(this.speed);
    } else {
      this.seek(this.rows - 1);
      this.pause();
    }
  }

  /** The video shows the frame of that time now. */
  follow(time) {
    if (this.playing) this._show(this.nearestRow(time), time);
  }

  /** Called once for every picture that the screen shows; `now` in milliseconds. */
  tick(now) {
    const passed = Math.max(0, now - this._before) / 1000;
    this._before = now;
    if (!this.playing || this.media?.leads) return;
    const time = this.time + passed * this.speed;
    if (time >= this.duration) this.ended();
    else this._show(this.rowAt(time), time);
    if (this.playing) this.media?.seek(this.row); // a video that does not lead is led
  }
}
