// The ground: a grid in metres, soft shadows below the people, and the paths they take.

import {
  BufferAttribute, BufferGeometry, CanvasTexture, Color, DoubleSide, DynamicDrawUsage, InstancedMesh, Mesh, MeshBasicMaterial,
  PlaneGeometry, ShaderMaterial,
} from "three";
import { placeInto } from "./decode.js";
import { grid } from "./palette.js";

const EXTENT_M = 120;
const PATH_WIDTH_M = 0.05;
const TRAIL_S = 6;
const SMOOTH_S = 0.2;
const WHOLE_POINTS = 2000; // of a whole path: more would only cost

const VERTEX = `
varying vec3 place;
void main() {
  vec4 world = modelMatrix * vec4(position, 1.0);
  place = world.xyz;
  gl_Position = projectionMatrix * viewMatrix * world;
}`;
const FRAGMENT = `
uniform vec3 colour;
uniform vec3 centre;
uniform float reach;
varying vec3 place;
float lines(vec2 at, float width) {
  vec2 wide = fwidth(at);
  vec2 near = abs(fract(at - 0.5) - 0.5) / wide;
  vec2 shown = clamp(width + 0.5 - near, 0.0, 1.0) * clamp(0.6 / wide - 0.6, 0.0, 1.0);
  return max(shown.x, shown.y);
}
void main() {
  float fade = 1.0 - smoothstep(0.25, 1.0, length(place.xz - centre.xz) / reach);
  float strength = max(lines(place.xz, 0.5) * 0.6, lines(place.xz / 5.0, 0.9));
  gl_FragColor = vec4(colour, strength * fade);
  #include <colorspace_fragment>
}`;

export function makeGrid() {
  const uniforms = { colour: { value: grid }, centre: { value: null }, reach: { value: 12 } };
  const material = new ShaderMaterial({ uniforms, vertexShader: VERTEX, fragmentShader: FRAGMENT, transparent: true, depthWrite: false, side: DoubleSide });
  const mesh = new Mesh(new PlaneGeometry(EXTENT_M, EXTENT_M).rotateX(-Math.PI / 2), material);
  mesh.renderOrder = -3;
  return mesh;
}

function softSpot() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const context = canvas.getContext("2d");
  const gradient = context.createRadialGradient(32, 32, 0, 32, 32, 32);
  gradient.addColorStop(0, "rgb(0 0 0 / 1)");
  gradient.addColorStop(0.4, "rgb(0 0 0 / 0.55)");
  gradient.addColorStop(1, "rgb(0 0 0 / 0)");
  context.fillStyle = gradient;
  context.fillRect(0, 0, 64, 64);
  return new CanvasTexture(canvas);
}

/** Dark spots below the hips and the feet, smaller the higher these are. */
export class Shadows {
  constructor(recording) {
    this.people = recording.people.filter((person) => person.joints);
    const { names } = recording.skeleton;
    this.spots = [["hip", 0.62], ["left_ankle", 0.3], ["right_ankle", 0.3]].map(([name, size]) => [names.indexOf(name), size]);
    const material = new MeshBasicMaterial({ map: softSpot(), transparent: true, depthWrite: false, color: new Color(0, 0, 0) });
    const count = Math.max(1, this.people.length * this.spots.length);
    this.mesh = new InstancedMesh(new PlaneGeometry(2, 2).rotateX(-Math.PI / 2), material, count);
    this.mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = -2;
    this.point = new Float32Array(3);
  }

  /** How dark they are, 0 to 1. */
  strength(opacity) {
    this.mesh.material.opacity = opacity;
  }

  show(row) {
    const { mesh, point } = this;
    const matrix = mesh.instanceMatrix.array;
    mesh.count = 0;
    for (let place = 0; place < this.people.length; place++) {
      const person = this.people[place];
      const own = row - person.start;
      if (own < 0 || own >= person.rows) continue;
      for (let i = 0; i < this.spots.length; i++) {
        if (!placeInto(person, own, this.spots[i][0], point, 0)) continue;
        const at = 16 * mesh.count++;
        const size = this.spots[i][1] * Math.max(0.2, 1 - Math.max(0, point[1]) * 0.35);
        matrix.fill(0, at, at + 16);
        matrix[at] = matrix[at + 10] = size;
        matrix[at + 5] = matrix[at + 15] = 1;
        matrix[at + 12] = point[0];
        matrix[at + 13] = 0.004 + 0.0005 * i;
        matrix[at + 14] = point[2];
      }
    }
    mesh.instanceMatrix.needsUpdate = true;
  }
}

/** (rows * 2) x, z of the hips, evened out over a moment. */
export function groundPath(person, times) {
  const path = new Float32Array(2 * person.rows);
  const point = new Float32Array(3);
  for (let row = 0; row < person.rows; row++) {
    if (!placeInto(person, row, 0, point, 0)) point.fill(0);
    path[2 * row] = point[0];
    path[2 * row + 1] = point[2];
  }
  const smooth = new Float32Array(path.length);
  let first = 0, last = -1, x = 0, z = 0;
  for (let row = 0; row < person.rows; row++) {
    const now = times[person.start + row];
    while (last + 1 < person.rows && times[person.start + last + 1] <= now + SMOOTH_S) {
      last++;
      x += path[2 * last];
      z += path[2 * last + 1];
    }
    while (times[person.start + first] < now - SMOOTH_S) {
      x -= path[2 * first];
      z -= path[2 * first + 1];
      first++;
    }
    smooth[2 * row] = x / (last - first + 1);
    smooth[2 * row + 1] = z / (last - first + 1);
  }
  return smooth;
}

/** Two triangles from each `step`th row to the next. */
function ribbonIndex(rows, step) {
  const pieces = Math.max(0, Math.ceil((rows - 1) / step));
  const index = new Uint32Array(6 * pieces);
  for (let piece = 0; piece < pieces; piece++) {
    const a = 2 * step * piece, b = 2 * Math.min(step * (piece + 1), rows - 1);
    index.set([a, a + 1, b, b, a + 1, b + 1], 6 * piece);
  }
  return index;
}

/** One ribbon on the ground: all of it faint, the last seconds strong. */
export class Path {
  constructor(person, place, path, recording) {
    this.person = person;
    this.times = recording.times;
    const positions = new Float32Array(6 * person.rows);
    let dx = 1, dz = 0;
    for (let row = 0; row < person.rows; row++) {
      const before = Math.max(0, row - 1), behind = Math.min(person.rows - 1, row + 1);
      const x = path[2 * behind] - path[2 * before], z = path[2 * behind + 1] - path[2 * before + 1];
      const length = Math.hypot(x, z);
      if (length > 1e-4) [dx, dz] = [x / length, z / length];
      for (let side = 0; side < 2; side++) {
        const shift = (side - 0.5) * PATH_WIDTH_M;
        positions[6 * row + 3 * side] = path[2 * row] - dz * shift;
        positions[6 * row + 3 * side + 1] = 0.008 + 0.0004 * place;
        positions[6 * row + 3 * side + 2] = path[2 * row + 1] + dx * shift;
      }
    }
    const attribute = new BufferAttribute(positions, 3);
    const coarse = Math.max(1, Math.ceil(person.rows / WHOLE_POINTS));
    this.meshes = [[0.28, coarse], [0.95, 1]].map(([opacity, step]) => {
      const geometry = new BufferGeometry();
      geometry.setAttribute("position", attribute);
      geometry.setIndex(new BufferAttribute(ribbonIndex(person.rows, step), 1));
      const material = new MeshBasicMaterial({ color: person.colour, transparent: true, opacity, depthWrite: false, side: DoubleSide });
      const mesh = new Mesh(geometry, material);
      mesh.renderOrder = -1;
      mesh.frustumCulled = false;
      return mesh;
    });
  }

  show(row) {
    const { person, times } = this;
    const end = Math.min(row - person.start, person.rows - 1);
    let first = Math.max(0, end);
    while (first > 0 && times[person.start + first - 1] >= times[row] - TRAIL_S) first--;
    const gone = row - person.start >= person.rows;
    this.meshes[1].geometry.setDrawRange(6 * first, gone ? 0 : Math.max(0, 6 * (end - first)));
  }
}
