// Angles and speeds over time, left and right together.

import { valueAt } from "./decode.js";
import { Surface, roundMarks, timeStep, timeText } from "./surface.js";
import { colours, onTheme } from "./theme.js";
import { scrubbing } from "./timeline.js";

const LEFT = 46, RIGHT = 12, TOP = 10, BOTTOM = 20;
const SIDES = /^(left|right)_/;

/** A name as people write it. */
export const sentence = (name) => {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
};

/** What can be chosen: `{title, unit, array, digits, lines: [{side, column}]}`; the two sides of a joint are one choice. */
export function choicesOf(recording) {
  const made = (entries, array, unit, digits) => {
    const found = new Map();
    for (const { name, title, hint, column } of entries) {
      const side = name.match(SIDES)?.[1] ?? "";
      const base = name.replace(SIDES, "");
      const plain = side ? sentence(title.replace(/\b(left|right)\b ?/i, "").trim() || base) : title;
      if (!found.has(base)) found.set(base, { name: base, title: plain, hint, unit, array, digits, lines: [] });
      found.get(base).lines.push({ side, column });
    }
    return [...found.values()];
  };
  const angles = recording.angles.map(({ name, title, hint }, column) => ({ name, title, hint, column }));
  const joints = recording.skeleton.names.map((name, column) => ({ name, title: sentence(name), hint: "", column }));
  return { angles: made(angles, "angles", "°", 0), speeds: made(joints, "speeds", " m/s", 2) };
}

export class Curves {
  constructor(canvas, values, recording, player) {
    this.recording = recording;
    this.player = player;
    this.values = values;
    this.person = recording.people.find((person) => person.angles) ?? null;
    this.choice = null;
    this.span = 0;
    this.layer = document.createElement("canvas"); // everything but the cursor, of the times it was drawn for
    this.surface = new Surface(canvas, () => this.redraw());
    scrubbing(canvas, player, (x) => this._timeAt(x));
    player.onRow.push(() => this.draw());
    onTheme.push(() => this.redraw());
  }

  choose(person, choice) {
    this.person = person;
    this.choice = choice;
    this._range();
    this.redraw();
  }

  setSpan(seconds) {
    this.span = seconds;
    this.redraw();
  }

  /** Lowest and highest value over the whole time. */
  _range() {
    const array = this.person?.[this.choice?.array];
    let low = Infinity, high = -Infinity;
    if (array) {
      for (const { column } of this.choice.lines) {
        for (let row = 0; row < this.person.rows; row++) {
          const value = valueAt(array, row, column);
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
    }
    this.known = low <= high;
    if (!this.known) [low, high] = [0, 1];
    if (this.choice?.array === "speeds") low = 0;
    const margin = Math.max((high - low) * 0.06, this.choice?.array === "speeds" ? 0.02 : 2);
    this.low = low === 0 ? 0 : low - margin;
    this.high = high + margin;
  }

  /** The seconds that are shown, from and to. */
  _window() {
    const { duration, time, row, times } = this.player;
    const span = this.span && this.span < duration ? this.span : duration;
    const now = this.player.playing ? time : times[row] ?? 0;
    const from = Math.min(Math.max(now - span / 2, 0), duration - span);
    this.from = from;
    this.seconds = span || 1;
  }

  _x(time) {
    return LEFT + ((time - this.from) / this.seconds) * (this.surface.width - LEFT - RIGHT);
  }

  _timeAt(x) {
    return this.from + ((x - LEFT) / Math.max(1, this.surface.width - LEFT - RIGHT)) * this.seconds;
  }

  _y(value) {
    const { height } = this.surface;
    return TOP + (1 - (value - this.low) / (this.high - this.low)) * (height - TOP - BOTTOM);
  }

  redraw() {
    this.drawnFrom = NaN;
    this.draw();
  }

  draw() {
    const { surface, player, layer } = this;
    const context = surface.begin();
    if (!this.choice || !player.rows || !this.person) return;
    this._window();
    if (this.drawnFrom !== this.from) {
      this._still(context);
      this.drawnFrom = this.from;
      layer.width = surface.canvas.width;
      layer.height = surface.canvas.height;
      layer.getContext("2d").drawImage(surface.canvas, 0, 0);
    } else {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.drawImage(layer, 0, 0);
      context.setTransform(surface.ratio, 0, 0, surface.ratio, 0, 0);
    }
    const x = this._x(player.times[player.row]);
    context.fillStyle = colours.accent;
    context.fillRect(x - 0.75, TOP - 4, 1.5, surface.height - TOP - BOTTOM + 4);
    this._tell(context, x);
  }

  _still(context) {
    const { surface } = this;
    this._axes(context);
    if (!this.known) {
      context.fillStyle = colours.dim;
      context.textAlign = "center";
      context.fillText("Not known for this person.", surface.width / 2, surface.height / 2);
    }
    context.save();
    context.beginPath();
    context.rect(LEFT, 0, surface.width - LEFT - RIGHT + 1, surface.height);
    context.clip();
    for (const line of this.choice.lines) this._line(context, line);
    context.restore();
  }

  _axes(context) {
    const { width, height } = this.surface;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "right";
    const unit = this.choice.array === "angles" ? "°" : "";
    for (const mark of roundMarks(this.low, this.high, Math.max(2, Math.floor(height / 36)))) {
      const y = Math.round(this._y(mark)) + 0.5;
      context.fillStyle = colours.line;
      context.fillRect(LEFT, y - 0.5, width - LEFT - RIGHT, 1);
      context.fillStyle = colours.dim;
      context.fillText(`${Number(mark.toFixed(2))}${unit}`, LEFT - 6, y);
    }
    context.textAlign = "center";
    const step = timeStep(this.seconds, (width - LEFT - RIGHT) / 70);
    for (let k = Math.ceil(this.from / step); k * step <= this.from + this.seconds; k++) {
      const x = this._x(k * step);
      context.fillStyle = colours.line;
      context.fillRect(x, height - BOTTOM, 1, 4);
      context.fillStyle = colours.dim;
      if (x < width - 20) context.fillText(timeText(k * step, step < 1 ? 1 : 0), x, height - 8);
    }
  }

  /** One curve; where many frames share a pixel, the span from their lowest to their highest. */
  _line(context, { side, column }) {
    const { person, player } = this;
    const array = person?.[this.choice.array];
    if (!array) return;
    const first = Math.max(0, player.rowAt(this.from) - person.start - 1);
    const last = Math.min(person.rows - 1, player.rowAt(this.from + this.seconds) - person.start + 1);
    context.strokeStyle = colours[side || "ink"];
    context.lineWidth = 1.6;
    context.lineJoin = "round";
    context.beginPath();
    let pixel = -1, low = 0, high = 0, open = false;
    for (let row = first; row <= last; row++) {
      const value = valueAt(array, row, column);
      const x = this._x(player.times[row + person.start]);
      if (Number.isNaN(value)) {
        open = false;
        continue;
      }
      const y = this._y(value);
      if (open && Math.floor(x) === pixel) {
        if (y < low) context.lineTo(x, (low = y));
        if (y > high) context.lineTo(x, (high = y));
        continue;
      }
      if (open) context.lineTo(x, y);
      else context.moveTo(x, y);
      [pixel, low, high, open] = [Math.floor(x), y, y, true];
    }
    context.stroke();
  }

  /** The values under the cursor, as dots and as numbers. */
  _tell(context, x) {
    const { person, choice, values } = this;
    const row = this.player.row - person.start;
    const array = person[choice.array];
    choice.lines.forEach(({ side, column }, place) => {
      const value = array && row >= 0 && row < person.rows ? valueAt(array, row, column) : NaN;
      if (!Number.isNaN(value)) {
        context.beginPath();
        context.arc(x, this._y(value), 3.5, 0, 2 * Math.PI);
        context.fillStyle = colours[side || "ink"];
        context.fill();
      }
      const number = Number.isNaN(value) ? "–" : value.toFixed(choice.digits) + choice.unit;
      const text = side ? `${side} ${number}` : number;
      const span = values.children[place] ?? values.appendChild(document.createElement("span"));
      span.className = side;
      if (span.textContent !== text) span.textContent = text;
    });
    while (values.children.length > choice.lines.length) values.lastChild.remove();
  }
}
