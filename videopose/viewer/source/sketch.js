// The 2D skeletons, drawn over the video.

import { valueAt } from "./decode.js";
import { Surface } from "./surface.js";
import { colours, onTheme } from "./theme.js";

const FACE = 5; // the first keypoints are of the head: dots, without lines
const ACROSS = ["shoulder", "hip"];

export class Sketch {
  constructor(canvas, recording, player) {
    this.recording = recording;
    this.player = player;
    this.visible = true;
    const { names, bones } = recording.keypoints;
    const across = ACROSS.map((part) => [names.indexOf(`left_${part}`), names.indexOf(`right_${part}`)]);
    this.lines = [...across, ...bones.filter(([parent, child]) => parent >= FACE && child >= FACE)];
    this.surface = new Surface(canvas, () => this.draw());
    player.onRow.push(() => this.draw());
    onTheme.push(() => this.draw());
  }

  show(visible) {
    this.visible = visible;
    this.draw();
  }

  draw() {
    const { recording, surface } = this;
    const context = surface.begin();
    if (!this.visible) return;
    const [width, height] = recording.size;
    const scale = surface.width / width;
    context.lineCap = "round";
    for (const person of recording.people) {
      const row = this.player.row - person.start;
      if (row < 0 || row >= person.rows) continue;
      this._person(context, person, row, scale);
    }
  }

  _person(context, person, row, scale) {
    const { names, sides } = this.recording.keypoints;
    const { keypoints, scores } = person;
    const seen = person.state.data[row] > 1;
    const thick = Math.max(2, Math.min(4, this.surface.width / 160));
    const at = (joint, axis) => valueAt(keypoints, row, 2 * joint + axis) * scale;
    const trust = (joint) => 0.25 + 0.75 * Math.min(1, (scores.data[row * names.length + joint] % 255) / 250);
    const colour = (side) => colours[side || "middle"];
    for (const [parent, child] of this.lines) {
      const x = at(parent, 0), end = at(child, 0);
      if (Number.isNaN(x) || Number.isNaN(end)) continue;
      context.globalAlpha = (seen ? 1 : 0.45) * Math.min(trust(parent), trust(child));
      context.beginPath();
      context.moveTo(x, at(parent, 1));
      context.lineTo(end, at(child, 1));
      context.lineWidth = thick + 2;
      context.strokeStyle = "rgb(0 0 0 / 0.5)";
      context.stroke();
      context.lineWidth = thick;
      context.strokeStyle = colour(sides[child] === sides[parent] ? sides[child] : "");
      context.stroke();
    }
    let top = Infinity, middle = 0;
    for (let joint = 0; joint < names.length; joint++) {
      const x = at(joint, 0), y = at(joint, 1);
      if (Number.isNaN(x)) continue;
      if (y < top) [top, middle] = [y, x];
      context.globalAlpha = (seen ? 1 : 0.45) * trust(joint);
      context.beginPath();
      context.arc(x, y, joint < FACE ? thick * 0.6 : thick * 0.85, 0, 2 * Math.PI);
      context.fillStyle = colour(sides[joint]);
      context.fill();
    }
    context.globalAlpha = 1;
    if (Number.isFinite(top)) this._label(context, person, middle, top - 20);
  }

  _label(context, { id, colour, letters }, x, y) {
    context.font = "600 12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const text = String(id), half = Math.max(9, context.measureText(text).width / 2 + 5);
    y = Math.max(y, 11);
    context.beginPath();
    context.roundRect(x - half, y - 9, 2 * half, 18, 9);
    context.fillStyle = colour;
    context.fill();
    context.fillStyle = letters;
    context.fillText(text, x, y + 0.5);
  }
}
