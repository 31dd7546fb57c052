"""three.js in a real browser, as an independent reader of animation files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import chromium
from npm import THREE, npm_package

_PAGE = """<!doctype html><meta charset="utf-8"><title>three.js</title>
<style>body { margin: 0 } canvas { display: block }</style>
<script type="importmap">{"imports": {"three": "/three/build/three.module.js", "jsm/": "/three/examples/jsm/"}}</script>
<script type="module">
import * as THREE from "three";
import { GLTFLoader } from "jsm/loaders/GLTFLoader.js";
import { FBXLoader } from "jsm/loaders/FBXLoader.js";
let root, animations, mixer;
window.load = async (kind) => {
  if (kind === "glb") {
    const gltf = await new GLTFLoader().loadAsync("/file.glb");
    [root, animations] = [gltf.scene, gltf.animations];
  } else {
    root = await new FBXLoader().loadAsync("/file.fbx");
    animations = root.animations;
  }
  mixer = new THREE.AnimationMixer(root);
  for (const clip of animations) {
    const action = mixer.clipAction(clip).setLoop(THREE.LoopOnce);
    action.clampWhenFinished = true;
    action.play();
  }
  const meshes = [];
  root.traverse((node) => { if (node.isSkinnedMesh) meshes.push(node.name); });
  const clips = animations.map((clip) => [clip.name, clip.duration, clip.tracks.length]);
  return { clips, meshes, unit_cm: root.userData.unitScaleFactor };
};
const seek = (seconds) => {
  for (const clip of animations) mixer.clipAction(clip).paused = false;  // as one that has ended is
  mixer.setTime(seconds);
};
window.bones = (seconds) => {
  seek(seconds);
  root.updateMatrixWorld(true);
  const places = [];
  root.traverse((node) => {
    if (!node.isBone) return;
    let owner = node;
    while (owner.parent !== root && owner.parent) owner = owner.parent;
    const place = new THREE.Vector3().setFromMatrixPosition(node.matrixWorld);
    places.push([owner.name, node.name, place.toArray()]);
  });
  return places;
};
window.corners = (seconds) => {
  seek(seconds);
  root.updateMatrixWorld(true);
  const boxes = {};
  root.traverse((node) => {
    if (!node.isSkinnedMesh) return;
    const box = boxes[node.name] = new THREE.Box3(), place = new THREE.Vector3();
    for (let i = 0; i < node.geometry.attributes.position.count; i++) {
      box.expandByPoint(node.getVertexPosition(i, place).applyMatrix4(node.matrixWorld));
    }
  });
  return Object.fromEntries(Object.entries(boxes).map(([name, box]) => [name, [box.min.toArray(), box.max.toArray()]]));
};
window.render = (seconds, eye, target) => {
  seek(seconds);
  const scene = new THREE.Scene();
  scene.background = new THREE.Color(0xf4f4f4);
  scene.add(root, new THREE.HemisphereLight(0xffffff, 0x888888, 2), new THREE.GridHelper(10, 20, 0x999999, 0xcccccc));
  const sun = new THREE.DirectionalLight(0xffffff, 2);
  sun.position.set(2, 4, 3);
  scene.add(sun);
  const camera = new THREE.PerspectiveCamera(40, innerWidth / innerHeight, 0.01, 1000);
  camera.position.fromArray(eye);
  camera.lookAt(new THREE.Vector3().fromArray(target));
  const renderer = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(innerWidth, innerHeight);
  document.body.replaceChildren(renderer.domElement);
  renderer.render(scene, camera);
};
window.ready = true;
</script>
"""
_TYPES = {".js": "text/javascript", ".glb": "model/gltf-binary", ".fbx": "application/octet-stream"}


@contextmanager
def three_js() -> Iterator["ThreeJs"]:
    """A page with three.js; skips the test where there is no browser or package, and fails it in CI."""
    package = npm_package(THREE)
    with chromium() as browser, browser.open("about:blank", viewport={"width": 960, "height": 640}) as watched:
        yield ThreeJs(watched, package)


class ThreeJs:
    """Reads one file at a time."""

    def __init__(self, watched: Any, package: Path) -> None:
        self.watched, self.page, self.package = watched, watched.page, package
        self.path = package
        self.page.route("http://localhost/**", self._answer)

    def load(self, path: Path) -> dict[str, Any]:
        """Read a .glb or .fbx: its `clips` (name, seconds, tracks), skinned `meshes`, for .fbx `unit_cm`."""
        self.path = path
        self.page.goto("http://localhost/page.html")
        self.page.wait_for_function("window.ready")
        result: dict[str, Any] = self.page.evaluate("kind => load(kind)", path.suffix[1:])
        return result

    def bones(self, seconds: float) -> dict[tuple[str, str], list[float]]:
        """Where the bones are at a time, by the names of their topmost node and of their own."""
        found = self.page.evaluate("seconds => bones(seconds)", seconds)
        return {(owner, name): place for owner, name, place in found}

    def corners(self, seconds: float) -> dict[str, list[list[float]]]:
        """Lowest and highest coordinates of each skinned mesh at a time."""
        result: dict[str, list[list[float]]] = self.page.evaluate("seconds => corners(seconds)", seconds)
        return result

    def render(self, seconds: float, eye: list[float], target: list[float]) -> bytes:
        """A PNG of the scene at a time, seen from `eye`."""
        self.page.evaluate("([seconds, eye, target]) => render(seconds, eye, target)", [seconds, eye, target])
        result: bytes = self.page.screenshot()
        return result

    def _answer(self, route: Any) -> None:
        name = route.request.url.removeprefix("http://localhost/")
        if name == "page.html":
            route.fulfill(body=_PAGE, content_type="text/html")
            return
        path = self.package / name.removeprefix("three/") if name.startswith("three/") else self.path
        if name == "favicon.ico" or not path.is_file():
            route.fulfill(status=204)
            return
        route.fulfill(body=path.read_bytes(), content_type=_TYPES.get(path.suffix, "text/plain"))
