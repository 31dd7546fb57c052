// The page: reads what is in it, makes the parts, and keeps them going.

import { Curves } from "./curves.js";
import { readRecording } from "./decode.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { World } from "./scene.js";
import { Sketch } from "./sketch.js";
import { startTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Video } from "./video.js";

const element = (id) => document.getElementById(id);
const state = { ready: false, failure: null };
window.videopose = state;

function say(id, sentence) {
  element(id).textContent = sentence;
  element(id).hidden = false;
}

function makeWorld(recording, player) {
  const probe = document.createElement("canvas").getContext("webgl2");
  if (!probe) {
    say("scene-message", "This browser shows no 3D here (WebGL 2 is missing or switched off). The rest of the page works.");
    for (const part of document.querySelectorAll("#scene .tools, #scene .legend, #world")) part.hidden = true;
    return null;
  }
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  return new World(element("world"), recording, player);
}

function shape(recording, video, note) {
  const [width, height] = recording.size;
  const style = document.documentElement.style;
  style.setProperty("--aspect", String(width / height));
  element("video").hidden = !video;
  element("picture").classList.toggle("bare", !video);
  element("picture-note").textContent = note;
}

async function start() {
  startTheme();
  const recording = await readRecording();
  const { times } = recording;
  const player = new Player(times, 1 / recording.fps);
  const video = Video.from(element("video"), player, () => {
    player.media = null;
    shape(recording, false, "This browser cannot show the video. The rest works.");
  });
  player.media = video;
  shape(recording, Boolean(video), video ? "" : "No video in this page.");
  const world = makeWorld(recording, player);
  const sketch = new Sketch(element("sketch"), recording, player);
  const timeline = new Timeline(element("line"), recording, player);
  const curves = new Curves(element("plot"), element("values"), recording, player);
  const panel = new Panel({ recording, player, world, sketch, timeline, curves });
  if (!recording.people.length) say("scene-message", "Nobody was found in this video.");
  else if (!recording.people.some((person) => person.joints)) say("scene-message", "These results hold no 3D.");
  Object.assign(state, { recording, player, video, world, panel, curves, timeline });

  const tick = (now) => {
    player.tick(now);
    video?.tick();
    world?.tick();
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  state.readyAfter = performance.now(); // milliseconds
  state.ready = true;
}

if (typeof DecompressionStream === "undefined") {
  say("failure", "This browser is too old for this page. Any of 2023 or later shows it.");
} else {
  start().catch((error) => {
    state.failure = String(error);
    say("failure", "This page is damaged: its data cannot be read. Write it anew.");
    throw error;
  });
}
