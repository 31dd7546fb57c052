// Buttons, keys and words of the page.

import { choicesOf, sentence } from "./curves.js";
import { valueAt } from "./decode.js";
import { timeText } from "./surface.js";
import { toggleTheme } from "./theme.js";
import { VIEWS } from "./views.js";

const element = (id) => document.getElementById(id);
const LONG_S = 90; // of longer recordings the curves show a part
const SPEEDS = [0.25, 0.5, 1, 1.5, 2];

function option(value, text) {
  const made = document.createElement("option");
  made.value = String(value);
  made.textContent = text;
  return made;
}

function pairs(list, entries) {
  for (const [title, text] of entries) {
    list.append(Object.assign(document.createElement("dt"), { textContent: title }));
    list.append(Object.assign(document.createElement("dd"), { textContent: text }));
  }
}

export class Panel {
  constructor(parts) {
    Object.assign(this, parts); // recording, player, world (or null), sketch, timeline, curves
    this.followed = -1;
    this._words();
    this._playback();
    this._scene();
    this._curves();
    document.addEventListener("keydown", (event) => this._key(event));
    this.player.onRow.push(() => this._tell());
    this._tell();
  }

  _words() {
    const { recording, player } = this;
    const count = recording.people.length;
    const people = count === 1 ? "1 person" : `${count || "no"} people`;
    const rate = `${Number(recording.fps.toFixed(2))} frames/s`;
    element("summary").textContent = [people, `${player.rows} frames`, timeText(player.duration, 1), rate].join(" · ");
    element("duration").textContent = timeText(player.duration);
    pairs(element("facts"), recording.facts);
    pairs(element("unknowable"), recording.unknowable.map(({ name, reason }) => [sentence(name), reason]));
    element("unknowable-part").hidden = !recording.unknowable.length;
    const unplaced = recording.people.filter((person) => person.joints && !person.placed).map((person) => person.id);
    element("unplaced").hidden = !unplaced.length;
    element("unplaced").textContent = `Where these people are in the room is not known, so they stand beside the others: ${unplaced.join(", ")}.`;
    for (const id of ["help", "notes"]) {
      const dialog = element(id);
      element(`${id}-open`).addEventListener("click", () => dialog.showModal());
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    }
    element("theme").addEventListener("click", toggleTheme);
  }

  _playback() {
    const { player } = this;
    element("play").addEventListener("click", () => player.toggle());
    element("first").addEventListener("click", () => player.seek(0));
    element("back").addEventListener("click", () => player.step(-1));
    element("forward").addEventListener("click", () => player.step(1));
    element("loop").addEventListener("click", () => player.setLoop(!player.loop));
    element("speed").addEventListener("change", (event) => player.setSpeed(Number(event.target.value)));
    element("skeleton").addEventListener("click", () => this._toggleSketch());
    const state = () => {
      const play = element("play");
      play.toggleAttribute("data-playing", player.playing);
      play.setAttribute("aria-label", player.playing ? "Pause" : "Play");
      element("loop").setAttribute("aria-pressed", String(player.loop));
      element("speed").value = String(player.speed);
    };
    player.onState.push(state);
    state();
  }

  _toggleSketch() {
    this.sketch.show(!this.sketch.visible);
    element("skeleton").setAttribute("aria-pressed", String(this.sketch.visible));
  }

  _scene() {
    const { recording, world } = this;
    const follow = element("follow");
    follow.append(option(-1, "nobody"));
    recording.people.forEach((person, place) => follow.append(option(place, `person ${person.id}`)));
    follow.addEventListener("change", () => this.follow(Number(follow.value)));
    this.viewButtons = [...document.querySelectorAll("[data-view]")];
    if (!world) return;
    for (const button of this.viewButtons) button.addEventListener("click", () => world.views.choose(button.dataset.view));
    const shown = () => {
      for (const button of this.viewButtons) button.setAttribute("aria-pressed", String(button.dataset.view === world.views.name));
    };
    world.views.onChange.push(shown);
    shown();
  }

  /** Keeps one of the people in view, -1 for nobody; the curves go with it. */
  follow(place) {
    if (place >= this.recording.people.length) return;
    this.followed = place;
    element("follow").value = String(place);
    this.world?.views.setFollowed(place);
    this.timeline.setFollowed(place);
    if (place >= 0 && this.recording.people[place].angles) {
      element("who").value = String(place);
      this._chooseCurve();
    }
    this._tell();
  }

  _curves() {
    const { recording, curves } = this;
    const who = element("who"), what = element("what");
    recording.people.forEach((person, place) => person.angles && who.append(option(place, `Person ${person.id}`)));
    const { angles, speeds } = choicesOf(recording);
    this.choices = [...angles, ...speeds];
    for (const [title, group] of [["Angles", angles], ["Speeds", speeds]]) {
      const made = Object.assign(document.createElement("optgroup"), { label: title });
      for (const choice of group) made.append(option(this.choices.indexOf(choice), group === speeds ? `${choice.title}, speed` : choice.title));
      if (group.length) what.append(made);
    }
    const usual = this.choices.findIndex((choice) => /knee/.test(choice.name));
    what.value = String(Math.max(0, usual));
    for (const select of [who, what]) select.addEventListener("change", () => this._chooseCurve());
    const long = this.player.duration > LONG_S;
    element("span").value = long ? "30" : "0";
    curves.setSpan(long ? 30 : 0);
    element("span").addEventListener("change", (event) => curves.setSpan(Number(event.target.value)));
    if (who.options.length) this._chooseCurve();
    else element("curves").hidden = true;
  }

  _chooseCurve() {
    const place = Number(element("who").value);
    element("hint").textContent = this.choices[Number(element("what").value)]?.hint ?? "";
    this.curves.choose(this.recording.people[place] ?? null, this.choices[Number(element("what").value)] ?? null);
  }

  /** Time, frame, and where somebody is. */
  _tell() {
    const { player, recording } = this;
    element("time").textContent = timeText(player.times[player.row] ?? 0);
    element("frame-number").textContent = player.rows ? `frame ${recording.firstFrame + player.row}` : "";
    element("place").textContent = this._where(recording.people[Math.max(0, this.followed)]);
  }

  _where(person) {
    if (!person?.joints) return "";
    const row = this.player.row - person.start;
    if (row < 0 || row >= person.rows) return `Person ${person.id} is not there`;
    const root = [0, 1, 2].map((axis) => valueAt(person.root, row, axis).toFixed(2).replace("-", "−"));
    const speed = valueAt(person.speeds, row, 0);
    const moving = Number.isNaN(speed) ? "" : ` · ${speed.toFixed(2)} m/s`;
    const filled = person.state.data[row] > 1 ? "" : " · filled in";
    return `Person ${person.id}: x ${root[0]}  y ${root[1]}  z ${root[2]} m${moving}${filled}`;
  }

  _key(event) {
    const { player } = this;
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("select, input")) return;
    const second = Math.max(1, Math.round(this.recording.fps));
    const far = event.shiftKey ? second : 1;
    const keys = {
      " ": () => player.toggle(),
      ArrowLeft: () => player.step(-far),
      ArrowRight: () => player.step(far),
      Home: () => player.seek(0),
      End: () => player.seek(player.rows - 1),
      "-": () => this._speed(-1),
      "+": () => this._speed(1),
      "=": () => this._speed(1),
      "?": () => element("help").showModal(),
      0: () => this.follow(-1),
      f: () => this._fullScreen(),
      k: () => this._toggleSketch(),
      l: () => player.setLoop(!player.loop),
      n: () => element("notes").showModal(),
      r: () => this.world?.views.choose("start"),
      t: toggleTheme,
      v: () => this._nextView(),
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = /^[1-9]$/.test(key) ? () => this._followNumber(Number(key)) : keys[key];
    if (!act) return;
    event.preventDefault();
    // space would press the button that has the focus as well
    if (key === " " && event.target.closest("button")) event.target.blur();
    act();
  }

  /** The person of that number; where numbers are larger than the keys, the one in that place. */
  _followNumber(number) {
    const place = this.recording.people.findIndex((person) => person.id === number);
    this.follow(place >= 0 ? place : number - 1);
  }

  _nextView() {
    if (!this.world) return;
    this.world.views.choose(VIEWS[(VIEWS.indexOf(this.world.views.name) + 1) % VIEWS.length]);
  }

  _speed(by) {
    const place = SPEEDS.indexOf(this.player.speed) + by;
    if (SPEEDS[place]) this.player.setSpeed(SPEEDS[place]);
  }

  _fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {}); // refused in frames
  }
}
