// The 3D scene. It is painted when something changed, and not otherwise.

import { DirectionalLight, HemisphereLight, PerspectiveCamera, Scene, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { Bodies } from "./bodies.js";
import { Path, Shadows, groundPath, makeGrid } from "./ground.js";
import { Labels, asFrame, cameraMark } from "./marks.js";
import { ground, takeColours } from "./palette.js";
import { onTheme } from "./theme.js";
import { Views } from "./views.js";

const LABEL_PX = 20;

export class World {
  /** Throws where there is no WebGL. */
  constructor(canvas, recording, player) {
    this.canvas = canvas;
    this.player = player;
    this.painted = 0;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: "high-performance" });
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(40, 1, 0.05, 400);
    this.lamp = new DirectionalLight(0xffffff, 1.6);
    this.lamp.position.set(2, 6, 4);
    this.sky = new HemisphereLight(0xffffff, 0x8a8f98, 1.9);
    this.scene.add(this.lamp, this.sky);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = true;
    this.controls.dampingFactor = 0.16;
    this.controls.minDistance = 0.4;
    this.controls.maxDistance = 120;
    this.controls.zoomToCursor = true;
    this.controls.addEventListener("change", () => this.request());
    this._fill(recording);
    this._dress();
    this.views = new Views(this, recording, this.paths);
    this.views.onChange.push(() => asFrame(this.mark, this.views.name === "camera"));
    onTheme.push(() => {
      this._dress();
      this.show(player.row);
    });
    player.onRow.push((row) => this.show(row));
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
    this.show(player.row);
  }

  _fill(recording) {
    this.grid = makeGrid();
    this.grid.material.uniforms.centre.value = this.controls.target;
    this.bodies = new Bodies(recording);
    this.shadows = new Shadows(recording);
    this.labels = new Labels(recording);
    this.paths = recording.people.map((person) => (person.joints ? groundPath(person, recording.times) : null));
    this.ribbons = [];
    recording.people.forEach((person, place) => {
      if (person.joints && person.placed) this.ribbons.push(new Path(person, place, this.paths[place], recording));
    });
    this.mark = cameraMark(recording.camera, recording.size[0] / recording.size[1]);
    this.scene.add(this.grid, this.shadows.mesh, this.bodies.sticks, this.bodies.joints, this.mark);
    for (const ribbon of this.ribbons) this.scene.add(...ribbon.meshes);
    for (const sprite of this.labels.sprites) this.scene.add(sprite);
  }

  /** The colours of light or dark. */
  _dress() {
    takeColours();
    this.shadows.strength(document.documentElement.dataset.theme === "dark" ? 0.7 : 0.34);
  }

  resize() {
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio || 1, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.views.resized();
    this.lens();
  }

  /** To be called when the field of view changed. */
  lens() {
    this.camera.updateProjectionMatrix();
    this.labels.fit(LABEL_PX, this.canvas.clientHeight, this.camera.fov);
    this.request();
  }

  show(row) {
    this.bodies.show(row);
    this.shadows.show(row);
    this.labels.show(row);
    for (let i = 0; i < this.ribbons.length; i++) this.ribbons[i].show(row);
    this.views.follow(row);
    this.request();
  }

  request() {
    this.wanted = true;
  }

  /** Called once for every picture that the screen shows. */
  tick() {
    this.views.move();
    this.controls.update(); // asks for painting while something still moves
    if (!this.wanted) return;
    this.wanted = false;
    this.renderer.setClearColor(ground);
    const distance = this.camera.position.distanceTo(this.controls.target);
    this.grid.material.uniforms.reach.value = Math.min(55, Math.max(7, 2.6 * distance));
    this.renderer.render(this.scene, this.camera);
    this.painted++;
  }
}
