// Colours of the sides for the 3D scene, as numbers.

import { Color } from "three";
import { colours } from "./theme.js";

export const solid = { left: new Color(), right: new Color(), "": new Color() };
export const pale = { left: new Color(), right: new Color(), "": new Color() };
export const ground = new Color();
export const grid = new Color();
export const mark = new Color();

/** Takes the page's colours over. */
export function takeColours() {
  ground.set(colours.ground);
  grid.set(colours.grid);
  mark.set(colours.dim);
  for (const [side, name] of [["left", "left"], ["right", "right"], ["", "middle"]]) {
    solid[side].set(colours[name]);
    pale[side].set(colours[name]).lerp(ground, 0.62);
  }
}
