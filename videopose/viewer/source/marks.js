// Marks in the scene: the camera that filmed, and the number above each head.

import {
  BufferAttribute, BufferGeometry, CanvasTexture, LineBasicMaterial, LineSegments, SRGBColorSpace, Sprite, SpriteMaterial, Vector3,
} from "three";
import { placeInto } from "./decode.js";
import { mark } from "./palette.js";

const DEPTH_M = 0.35;
const ABOVE_M = 0.2;
const MARK_POINTS = 22, TIP_POINTS = 6;

/** The pyramid of what the camera sees, with a mark on the upper side. */
export function cameraMark(camera, aspect) {
  const at = new Vector3(...camera.position);
  const right = new Vector3(...camera.right), up = new Vector3(...camera.up), forward = new Vector3(...camera.forward);
  const high = (DEPTH_M * 0.5) / camera.focal, wide = high * aspect;
  const point = (x, y) => at.clone().addScaledVector(forward, DEPTH_M).addScaledVector(right, x * wide).addScaledVector(up, y * high);
  const corners = [point(-1, -1), point(1, -1), point(1, 1), point(-1, 1)];
  const pairs = corners.flatMap((corner, i) => [at, corner, corner, corners[(i + 1) % 4]]);
  const tip = point(0, 1.35), ends = [point(-0.35, 1.06), point(0.35, 1.06)];
  pairs.push(ends[0], tip, tip, ends[1], ends[1], ends[0]);
  const positions = new Float32Array(pairs.flatMap((place) => place.toArray()));
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  const material = new LineBasicMaterial();
  material.color = mark;
  return new LineSegments(geometry, material);
}

/** Seen from the camera itself, the edges of its picture are enough. */
export function asFrame(mark, frame) {
  mark.geometry.setDrawRange(0, frame ? MARK_POINTS - TIP_POINTS : MARK_POINTS);
}

function numberTexture({ id, colour, letters }) {
  const canvas = document.createElement("canvas");
  canvas.width = 128;
  canvas.height = 64;
  const context = canvas.getContext("2d");
  context.font = "600 38px system-ui, sans-serif";
  const half = Math.min(62, Math.max(30, context.measureText(String(id)).width / 2 + 18));
  context.beginPath();
  context.roundRect(64 - half, 2, 2 * half, 60, 30);
  context.fillStyle = colour;
  context.fill();
  context.fillStyle = letters;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(id), 64, 34, 2 * half - 12);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

/** The numbers above the heads, of the same size however far. */
export class Labels {
  constructor(recording) {
    const { names } = recording.skeleton;
    this.head = names.indexOf("head");
    this.point = new Float32Array(3);
    this.people = recording.people.filter((person) => person.joints);
    this.sprites = this.people.map((person) => {
      const map = numberTexture(person);
      const sprite = new Sprite(new SpriteMaterial({ map, depthTest: false, transparent: true, sizeAttenuation: false }));
      sprite.renderOrder = 5;
      return sprite;
    });
  }

  /** Keeps them at `pixels` of height, whatever the window and the lens. */
  fit(pixels, height, fieldOfView) {
    const size = (2 * Math.tan((fieldOfView * Math.PI) / 360) * pixels) / Math.max(1, height);
    for (const sprite of this.sprites) sprite.scale.set(2 * size, size, 1);
  }

  show(row) {
    for (let place = 0; place < this.people.length; place++) {
      const person = this.people[place], sprite = this.sprites[place];
      const own = row - person.start;
      const there = own >= 0 && own < person.rows && (placeInto(person, own, this.head, this.point, 0) || placeInto(person, own, 0, this.point, 0));
      sprite.visible = there;
      if (!there) continue;
      sprite.position.set(this.point[0], this.point[1] + ABOVE_M, this.point[2]);
      sprite.material.opacity = person.state.data[own] > 1 ? 1 : 0.55;
    }
  }
}
