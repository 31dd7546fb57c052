// Where the scene is looked at from: views to choose, following a person, and gliding from one to the next.

import { Vector3 } from "three";
import { placeInto } from "./decode.js";

const FIELD = 38;
const SAMPLES = 300;
const HALF_HEIGHT_M = 1.15;
const HALF_WIDTH_M = 0.75;
const GLIDE_MS = 350;
const DIRECTIONS = { start: [0.55, 0.38, 1], front: [0, 0.16, 1], side: [1, 0.16, 0], top: [0, 1, 0.002] };
export const VIEWS = ["front", "side", "top", "camera"];

export class Views {
  constructor(world, recording, paths) {
    this.world = world;
    this.recording = recording;
    this.paths = paths;
    this.name = "start";
    this.followed = -1;
    this.onChange = [];
    this.still = !matchMedia("(prefers-reduced-motion: no-preference)").matches;
    this.before = new Vector3();
    this.now = new Vector3();
    this.shift = new Vector3();
    this.from = { position: new Vector3(), target: new Vector3(), field: FIELD };
    this.to = { position: new Vector3(), target: new Vector3(), field: FIELD };
    this.began = -1;
    this._measure();
    world.controls.addEventListener("start", () => this._taken());
    this.choose("start", true);
  }

  /** Where everybody is, in samples, and the middle of it, without the outermost. */
  _measure() {
    const columns = [[], [], []];
    const point = new Float32Array(3);
    for (const person of this.recording.people) {
      const step = Math.max(1, Math.floor(person.rows / SAMPLES));
      for (let row = 0; person.joints && row < person.rows; row += step) {
        if (placeInto(person, row, 0, point, 0)) columns.forEach((column, axis) => column.push(point[axis]));
      }
    }
    const ends = columns.map((column) => {
      const sorted = [...column].sort((a, b) => a - b);
      return [sorted[Math.floor(sorted.length * 0.02)] ?? 0, sorted[Math.ceil(sorted.length * 0.98) - 1] ?? 0];
    });
    this.samples = columns[0]
      .map((_, i) => new Vector3(columns[0][i], columns[1][i], columns[2][i]))
      .filter((place) => ends.every(([low, high], axis) => place.getComponent(axis) >= low && place.getComponent(axis) <= high));
    const { floor } = this.recording;
    if (!this.samples.length) this.samples.push(new Vector3(0, floor + 0.9, 0));
    const [x, y, z] = ends.map(([low, high]) => (low + high) / 2);
    this.centre = new Vector3(x, columns[1].length ? y : floor + 0.9, z);
  }

  /** How far away all of `places` are in view, with a person's size around each. */
  _distance(direction, target, places) {
    const back = new Vector3(...direction).normalize();
    const right = new Vector3(0, 1, 0).cross(back).normalize();
    const up = back.clone().cross(right);
    const high = Math.tan((FIELD * Math.PI) / 360), wide = high * this.world.camera.aspect;
    const body = HALF_HEIGHT_M * Math.hypot(up.y, 0.6); // seen from above people are less tall
    const offset = new Vector3();
    return places.reduce((most, place) => {
      offset.copy(place).sub(target);
      const needed = Math.max((Math.abs(offset.dot(right)) + HALF_WIDTH_M) / wide, (Math.abs(offset.dot(up)) + body) / high);
      return Math.max(most, needed + offset.dot(back));
    }, 2);
  }

  /** Somebody turned the scene by hand: the view is theirs now. */
  _taken() {
    this.began = -1;
    if (this.name === "own") return;
    this.name = "own";
    this.world.controls.maxPolarAngle = 0.52 * Math.PI;
    for (const call of this.onChange) call();
  }

  choose(name, atOnce = false) {
    this.name = name;
    const { to, world } = this;
    world.controls.maxPolarAngle = name === "camera" ? Math.PI : 0.52 * Math.PI;
    if (name === "camera") this._fromCamera();
    else {
      const followed = this.followed >= 0 && this._place(this.followed, world.player.row, this.now);
      to.target.copy(followed ? this.now : this.centre);
      to.field = FIELD;
      const distance = this._distance(DIRECTIONS[name], to.target, followed ? [to.target] : this.samples);
      to.position.set(...DIRECTIONS[name]).setLength(distance).add(to.target);
    }
    this._glide(atOnce);
    for (const call of this.onChange) call();
  }

  _fromCamera() {
    const { camera } = this.recording;
    const { to } = this;
    const forward = new Vector3(...camera.forward);
    to.position.set(...camera.position);
    const away = Math.max(0.5, this.now.copy(this.centre).sub(to.position).dot(forward));
    to.target.copy(to.position).addScaledVector(forward, away);
    to.field = this._cameraField();
  }

  /** Degrees from top to bottom, so that all of the camera's picture is in view. */
  _cameraField() {
    const { camera, size } = this.recording;
    const narrower = Math.max(1, size[0] / size[1] / this.world.camera.aspect);
    return (360 / Math.PI) * Math.atan((0.5 / camera.focal) * narrower * 1.02);
  }

  resized() {
    if (this.name === "own") return;
    this.choose(this.name, true);
  }

  _glide(atOnce) {
    const { world, from } = this;
    from.position.copy(world.camera.position);
    from.target.copy(world.controls.target);
    from.field = world.camera.fov;
    this.began = performance.now() - (atOnce || this.still ? GLIDE_MS : 0);
    if (atOnce || this.still) this.move();
    world.request();
  }

  /** Goes on gliding. */
  move() {
    if (this.began < 0) return;
    const { world, from, to } = this;
    const share = Math.min(1, (performance.now() - this.began) / GLIDE_MS);
    const eased = share * share * (3 - 2 * share);
    world.camera.position.lerpVectors(from.position, to.position, eased);
    world.controls.target.lerpVectors(from.target, to.target, eased);
    world.camera.fov = from.field + (to.field - from.field) * eased;
    if (share === 1) this.began = -1;
    world.controls.update();
    world.lens();
  }

  /** Where a followed person is: on the ground evened out, at the height of the hips; false when not there. */
  _place(place, row, out) {
    const person = this.recording.people[place], path = this.paths[place];
    const own = row - person.start;
    if (!path || own < 0 || own >= person.rows) return false;
    out.set(path[2 * own], this.recording.floor + 0.9, path[2 * own + 1]);
    return true;
  }

  /** Keeps the person with that place in the list in view; -1 for nobody. */
  setFollowed(place) {
    this.followed = place;
    this.known = false;
    if (this.name === "camera" || this.name === "own") this.name = "start";
    this.choose(this.name);
    this.follow(this.world.player.row);
  }

  follow(row) {
    if (this.followed < 0 || this.name === "camera") return;
    if (!this._place(this.followed, row, this.now)) {
      this.known = false;
      return;
    }
    if (this.known) {
      this.shift.copy(this.now).sub(this.before);
      for (const end of [this.from, this.to]) {
        end.position.add(this.shift);
        end.target.add(this.shift);
      }
      this.world.camera.position.add(this.shift);
      this.world.controls.target.add(this.shift);
    }
    this.before.copy(this.now);
    this.known = true;
  }
}
