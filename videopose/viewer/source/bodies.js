// The people: limbs as rounded sticks, all of them in two meshes of instances.

import { CylinderGeometry, DynamicDrawUsage, InstancedMesh, MeshStandardMaterial, SphereGeometry } from "three";
import { placeInto } from "./decode.js";
import { pale, solid } from "./palette.js";

/** Metres, of a grown-up; by the last word of a joint's name. */
const LIMB = { knee: 0.066, ankle: 0.05, elbow: 0.046, wrist: 0.038, hip: 0.07, shoulder: 0.054, spine: 0.085, thorax: 0.08, neck: 0.048 };
const BALL = { hip: 0.072, knee: 0.06, ankle: 0.053, spine: 0.085, thorax: 0.08, neck: 0.048, shoulder: 0.06, elbow: 0.048, wrist: 0.044 };
const FILLED_SIZE = 0.72;
const THIGH_M = 0.44;
const part = (name) => name.split("_").pop();

export class Bodies {
  constructor(recording) {
    this.people = recording.people.filter((person) => person.joints);
    const { names, bones, sides } = recording.skeleton;
    this.names = names;
    this.sides = sides;
    this.head = names.indexOf("head");
    this.neck = names.indexOf("neck");
    this.limbs = bones.filter(([, child]) => child !== this.head);
    this.radii = names.map((name) => LIMB[part(name)] ?? 0.04);
    this.balls = names.map((name) => BALL[part(name)] ?? 0.04);
    this.sizes = this.people.map((person) => this._size(person));
    const material = new MeshStandardMaterial({ roughness: 0.62, metalness: 0 });
    const most = Math.max(1, this.people.length);
    this.sticks = this._mesh(new CylinderGeometry(1, 1, 1, 14, 1, true), material, most * this.limbs.length);
    this.joints = this._mesh(new SphereGeometry(1, 18, 12), material, most * names.length);
    this.points = new Float32Array(3 * names.length);
    this.known = new Uint8Array(names.length);
  }

  _mesh(geometry, material, count) {
    const mesh = new InstancedMesh(geometry, material, count);
    mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    mesh.frustumCulled = false;
    mesh.setColorAt(0, solid[""]); // makes the array of colours
    mesh.instanceColor.setUsage(DynamicDrawUsage);
    mesh.count = 0;
    return mesh;
  }

  /** How large somebody is against a grown-up, by the thighs. */
  _size(person) {
    const hip = this.names.indexOf("left_hip"), knee = this.names.indexOf("left_knee");
    const lengths = [];
    const points = new Float32Array(6);
    for (let row = 0; row < person.rows; row += Math.max(1, person.rows >> 6)) {
      if (!placeInto(person, row, hip, points, 0) || !placeInto(person, row, knee, points, 3)) continue;
      lengths.push(Math.hypot(points[3] - points[0], points[4] - points[1], points[5] - points[2]));
    }
    lengths.sort((a, b) => a - b);
    return lengths.length ? Math.min(1.2, Math.max(0.45, lengths[lengths.length >> 1] / THIGH_M)) : 1;
  }

  /** Puts everybody where they are in that frame. */
  show(row) {
    this.sticks.count = 0;
    this.joints.count = 0;
    for (let place = 0; place < this.people.length; place++) {
      const person = this.people[place];
      const own = row - person.start;
      if (own >= 0 && own < person.rows) this._person(person, own, this.sizes[place]);
    }
    for (const mesh of [this.sticks, this.joints]) {
      mesh.instanceMatrix.needsUpdate = true;
      mesh.instanceColor.needsUpdate = true;
    }
  }

  _person(person, row, size) {
    const { points, known } = this;
    for (let joint = 0; joint < this.names.length; joint++) {
      known[joint] = placeInto(person, row, joint, points, 3 * joint) ? 1 : 0;
    }
    const seen = person.state.data[row] > 1;
    const shades = seen ? solid : pale;
    const scale = size * (seen ? 1 : FILLED_SIZE);
    for (let i = 0; i < this.limbs.length; i++) {
      const parent = this.limbs[i][0], child = this.limbs[i][1];
      if (known[parent] && known[child]) this._stick(3 * parent, 3 * child, this.radii[child] * scale, shades[this.sides[child]]);
    }
    for (let joint = 0; joint < this.names.length; joint++) {
      if (known[joint] && joint !== this.head) {
        const radius = this.balls[joint] * scale;
        this._ball(points[3 * joint], points[3 * joint + 1], points[3 * joint + 2], radius, shades[this.sides[joint]]);
      }
    }
    if (known[this.neck] && known[this.head]) this._skull(scale, shades[""]);
  }

  /** An egg from the neck to the top of the head. */
  _skull(scale, colour) {
    const { points } = this;
    const from = 3 * this.neck, to = 3 * this.head;
    const length = Math.hypot(points[to] - points[from], points[to + 1] - points[from + 1], points[to + 2] - points[from + 2]);
    const radius = Math.max(0.1 * scale, length * 0.45);
    this._along(this.joints, from, to, radius, length * 0.58 + 0.03 * scale, colour);
  }

  _stick(from, to, radius, colour) {
    const { points } = this;
    const length = Math.hypot(points[to] - points[from], points[to + 1] - points[from + 1], points[to + 2] - points[from + 2]);
    this._along(this.sticks, from, to, radius, length, colour);
  }

  /** One instance half way between two points, turned along them: `half` is its size along, `radius` across. */
  _along(mesh, from, to, radius, size, colour) {
    const { points } = this;
    let x = points[to] - points[from], y = points[to + 1] - points[from + 1], z = points[to + 2] - points[from + 2];
    const length = Math.hypot(x, y, z);
    if (length < 1e-6) return;
    x /= length;
    y /= length;
    z /= length;
    // across: along x or z, whichever is further from the limb, made perpendicular to it
    const flat = Math.abs(x) < 0.8;
    let ax = flat ? 1 - x * x : -x * z, ay = flat ? -x * y : -y * z, az = flat ? -x * z : 1 - z * z;
    const across = Math.hypot(ax, ay, az);
    ax /= across;
    ay /= across;
    az /= across;
    const matrix = mesh.instanceMatrix.array;
    const at = 16 * mesh.count;
    matrix[at] = ax * radius;
    matrix[at + 1] = ay * radius;
    matrix[at + 2] = az * radius;
    matrix[at + 4] = x * size;
    matrix[at + 5] = y * size;
    matrix[at + 6] = z * size;
    matrix[at + 8] = (ay * z - az * y) * radius;
    matrix[at + 9] = (az * x - ax * z) * radius;
    matrix[at + 10] = (ax * y - ay * x) * radius;
    matrix[at + 12] = (points[from] + points[to]) / 2;
    matrix[at + 13] = (points[from + 1] + points[to + 1]) / 2;
    matrix[at + 14] = (points[from + 2] + points[to + 2]) / 2;
    this._finish(mesh, at, colour);
  }

  _ball(x, y, z, radius, colour) {
    const { joints } = this;
    const matrix = joints.instanceMatrix.array;
    const at = 16 * joints.count;
    matrix.fill(0, at, at + 15);
    matrix[at] = matrix[at + 5] = matrix[at + 10] = radius;
    matrix[at + 12] = x;
    matrix[at + 13] = y;
    matrix[at + 14] = z;
    this._finish(joints, at, colour);
  }

  _finish(mesh, at, colour) {
    mesh.instanceMatrix.array[at + 15] = 1;
    colour.toArray(mesh.instanceColor.array, 3 * mesh.count);
    mesh.count++;
  }
}
