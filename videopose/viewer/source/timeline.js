// The time line: one row for each person, what was seen and what was filled in, and where we are.

import { Surface, timeStep, timeText } from "./surface.js";
import { colours, onTheme } from "./theme.js";

const HEAD = 24, ROW = 18, FOOT = 8, SIDE = 12, LABEL = 34;
const ABSENT = 0, FILLED = 1;

/** Runs of the same state: `[state, first row, row behind the last]` of the recording. */
export function runsOf(person) {
  const { data } = person.state;
  const runs = [];
  for (let row = 0; row < person.rows; row++) {
    const state = data[row] === FILLED ? FILLED : data[row] === ABSENT ? ABSENT : 3;
    const last = runs[runs.length - 1];
    if (last && last[0] === state) last[2] = person.start + row + 1;
    else runs.push([state, person.start + row, person.start + row + 1]);
  }
  return runs;
}

/** Lets the pointer choose a time on a canvas; `timeAt(x)` gives the seconds at CSS pixel x. */
export function scrubbing(canvas, player, timeAt) {
  let resume = false, held = false;
  const go = (event) => player.seekTime(timeAt(event.clientX - canvas.getBoundingClientRect().left));
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = true;
    canvas.setPointerCapture(event.pointerId);
    resume = player.playing;
    player.pause();
    go(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held) go(event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (held && resume) player.play();
      held = false;
    });
  }
}

export class Timeline {
  constructor(canvas, recording, player) {
    this.canvas = canvas;
    this.player = player;
    this.people = recording.people.map((person) => ({ ...person, runs: runsOf(person) }));
    this.followed = -1;
    canvas.style.height = `${HEAD + ROW * this.people.length + FOOT}px`;
    this.layer = document.createElement("canvas");
    this.surface = new Surface(canvas, () => this.redraw());
    canvas.setAttribute("aria-valuemax", String(Math.max(0, player.rows - 1)));
    scrubbing(canvas, player, (x) => ((x - this.left) / this.length) * player.duration);
    player.onRow.push(() => this.draw());
    onTheme.push(() => this.redraw());
    this.redraw();
  }

  get left() {
    return SIDE + LABEL;
  }

  get length() {
    return Math.max(1, this.surface.width - this.left - SIDE);
  }

  _x(time) {
    return this.left + (time / (this.player.duration || 1)) * this.length;
  }

  _start(row) {
    return row < this.player.rows ? this.player.times[row] : this.player.duration;
  }

  setFollowed(place) {
    this.followed = place;
    this.redraw();
  }

  /** Everything but the cursor, kept in a layer of its own. */
  redraw() {
    const { surface, player } = this;
    const context = surface.begin();
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "center";
    const step = timeStep(player.duration, this.length / 70);
    for (let k = 0; k * step <= player.duration; k++) {
      const x = Math.round(this._x(k * step)) + 0.5;
      context.fillStyle = colours.line;
      context.fillRect(x - 0.5, HEAD - 6, 1, surface.height - HEAD + 6 - FOOT / 2);
      context.fillStyle = colours.dim;
      if (x < surface.width - (surface.width > 700 ? 230 : 20)) context.fillText(timeText(k * step, step < 1 ? 1 : 0), x, HEAD - 14);
    }
    this.people.forEach((person, place) => this._row(context, person, place));
    this.layer.width = surface.canvas.width;
    this.layer.height = surface.canvas.height;
    this.layer.getContext("2d").drawImage(surface.canvas, 0, 0);
    this.draw();
  }

  _row(context, person, place) {
    const top = HEAD + ROW * place + 3, height = ROW - 6;
    context.fillStyle = person.colour;
    context.beginPath();
    context.roundRect(SIDE - 3, top - 1, LABEL - 4, height + 2, (height + 2) / 2);
    context.fill();
    context.fillStyle = person.letters;
    context.font = `${place === this.followed ? 700 : 500} 11px system-ui, sans-serif`;
    context.fillText(String(person.id), SIDE + LABEL / 2 - 5, top + height / 2 + 0.5);
    context.fillStyle = colours.soft;
    context.beginPath();
    context.roundRect(this.left, top, this.length, height, 3);
    context.fill();
    for (const [state, first, end] of person.runs) {
      if (state === ABSENT) continue;
      const x = this._x(this._start(first)), width = Math.max(1, this._x(this._start(end)) - x);
      if (state === FILLED) this._hatched(context, x, top, width, height);
      else {
        context.fillStyle = place === this.followed ? person.colour : colours.seen;
        context.fillRect(x, top, width, height);
      }
    }
  }

  _hatched(context, x, top, width, height) {
    context.save();
    context.beginPath();
    context.rect(x, top, width, height);
    context.clip();
    context.strokeStyle = colours.filled;
    context.lineWidth = 2;
    context.strokeRect(x, top, width, height);
    context.beginPath();
    for (let from = x - height; from < x + width; from += 5) {
      context.moveTo(from, top + height);
      context.lineTo(from + height, top);
    }
    context.stroke();
    context.restore();
  }

  draw() {
    const { surface, player, canvas } = this;
    const context = surface.begin();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.layer, 0, 0);
    context.setTransform(surface.ratio, 0, 0, surface.ratio, 0, 0);
    if (!player.rows) return;
    const x = this._x(player.times[player.row]);
    context.fillStyle = colours.accent;
    context.fillRect(x - 1, HEAD - 4, 2, surface.height - HEAD);
    context.beginPath();
    context.arc(x, HEAD - 5, 5, 0, 2 * Math.PI);
    context.fill();
    canvas.setAttribute("aria-valuenow", String(player.row));
    canvas.setAttribute("aria-valuetext", `${timeText(player.times[player.row])}, frame ${player.row + 1}`);
  }
}
