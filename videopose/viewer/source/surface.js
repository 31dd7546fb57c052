// A canvas for drawing in CSS pixels, sharp on every screen.

export class Surface {
  constructor(canvas, onSize) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.width = 0;
    this.height = 0;
    new ResizeObserver(() => {
      if (this.fit()) onSize();
    }).observe(canvas);
    this.fit();
  }

  /** Takes the canvas's size on the page; true where it changed. */
  fit() {
    const { canvas } = this;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const width = canvas.clientWidth, height = canvas.clientHeight;
    const same = width === this.width && height === this.height && ratio === this.ratio;
    if (same) return false;
    Object.assign(this, { width, height, ratio });
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    return true;
  }

  /** Emptied, with one unit for a CSS pixel. */
  begin() {
    const { context } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/** Seconds from one mark to the next, so that there are at most `most` of them. */
export const timeStep = (span, most) => STEPS.find((step) => span / step <= most) ?? span;

/** Minutes and seconds, `2:05.30`. */
export function timeText(seconds, digits = 2) {
  const scale = 10 ** digits;
  const whole = Math.floor(seconds * scale + 1e-6);
  const minutes = Math.floor(whole / (60 * scale));
  const rest = ((whole - minutes * 60 * scale) / scale).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}

/** Marks from low to high in round steps, at most `most`. */
export function roundMarks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const marks = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-6; k++) marks.push(k * step);
  return marks;
}
