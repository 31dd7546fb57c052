// How sharply to paint: where there is no graphics card, what moves is painted with fewer pixels, and sharply at rest.

const SHARES = [1, 0.7, 0.5];
const SLOW_MS = 45; // until the screen is ready for another picture
const STILL_MS = 200;
const PICTURES = 12; // to judge by

export class Pace {
  constructor() {
    this.share = 1;
    this._now = 0;
    this._painted = -Infinity;
    this._waits = [];
  }

  /** The screen is ready for a picture; `now` in milliseconds. */
  tick(now) {
    const wait = now - this._now;
    if (this._painted === this._now) this._waits.push(wait); // what was painted then is what it waited for
    this._now = now;
    if (this._waits.length < PICTURES) return;
    const middle = this._waits.sort((a, b) => a - b)[PICTURES >> 1];
    this._waits = [];
    if (middle > SLOW_MS) this.share = SHARES[Math.min(SHARES.indexOf(this.share) + 1, SHARES.length - 1)];
  }

  /** A picture has been painted in this tick. */
  painted() {
    this._painted = this._now;
  }

  /** Whether nothing has been painted for a while. */
  get still() {
    return this._now - this._painted > STILL_MS;
  }
}
