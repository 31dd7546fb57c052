"""Rows of the README's table of measurements, from the JSON of each benchmark."""

from collections.abc import Iterator
from typing import Any

Row = tuple[str, str, str]
"""What, measured, by which script."""


def infer_rows(data: dict[str, Any]) -> Iterator[Row]:
    if "speed" in data:
        speed = data["speed"]
        rate = speed["frames_per_s"]
        yield (
            f"`infer`, all outputs, one person, 1080p, {speed['frames']} frames",
            f"{rate['median']:.1f} frames/s ({rate['lowest']:.1f} to {rate['highest']:.1f})",
            "infer.py",
        )
        yield (
            "processor time a frame in the detector's networks, and besides them",
            f"{speed['one_thread']['networks_cpu_ms']:.1f} ms, {speed['one_thread']['other_cpu_ms']:.1f} ms",
            "infer.py",
        )
    if "memory" in data:
        memory = data["memory"]
        lengths = [name for name in memory if name.endswith("_min")]
        peaks = ", ".join(f"{memory[name]['peak_mib']:.0f} MiB ({name.removesuffix('_min')} min)" for name in lengths)
        yield (
            f"peak memory by length of the video, 1080p: {peaks}",
            f"{memory['longest_over_shortest']:.2f} times",
            "infer.py",
        )


def batch_rows(data: dict[str, Any]) -> Iterator[Row]:
    for what, found in data["clips"].items():
        one = f"`batch`, one worker with a thread, against `infer` on {found['videos']} clips one by one, {what}"
        yield one, f"{100 * found['overhead']:+.1f} % of the time", "batch.py"
        busy = f"one worker keeps {found['cores_of_one_worker']:.2f} cores busy"
        two = f"`batch` with two workers, a thread each, against one, two cores, {what}"
        yield two, f"{found['two_against_one']:.2f} times ({busy})", "batch.py"


def overlay_rows(data: dict[str, Any]) -> Iterator[Row]:
    second = data["second_pass"]
    yield (
        "decoding, drawing and encoding the overlay alone, 1080p",
        f"{second['median_fps']:.1f} frames/s, {second['processor_ms_per_frame']:.1f} ms of processor time a frame",
        "overlay.py",
    )


def lift_rows(data: dict[str, Any]) -> Iterator[Row]:
    for name, network in data["networks"].items():
        pair = network["measurements"][-1]
        factors = ", ".join(
            f"{engine} {pair[engine]['speed_up']['median']:.2f} times"
            for engine in ("float32", "bfloat16")
            if engine in pair
        )
        yield f"lifting against a plain `Conv1d` pass, {network['channels']} channels ({name})", factors, "lift.py"
    for name, forms in data["bfloat16 against float32"].items():
        distance = forms["with augmentation"]["distance_mm"]
        yield (
            f"lifted joints in bfloat16 against float32 ({name}, validation views)",
            f"{distance['mean']:.2f} mm apart on average, {distance['max']:.2f} mm at most",
            "lift.py",
        )


def detect_rows(data: dict[str, Any]) -> Iterator[Row]:
    people = data["people"].values()
    found, labelled, ghosts = (sum(clip[key] for clip in people) for key in ("found", "labelled", "ghosts"))
    yield "people found on labelled frames of six real clips", f"{found} of {labelled}, {ghosts} ghosts", "detect.py"


def track_rows(data: dict[str, Any]) -> Iterator[Row]:
    kept = data["identities"]
    yield (
        "identities kept, three people crossing, hidden up to a second (" + ", ".join(kept) + ")",
        ", ".join(f"{100 * rate['carried']:.0f} %" for rate in kept.values()),
        "track.py",
    )


def view_rows(data: dict[str, Any]) -> Iterator[Row]:
    for kind in ("noisy", "clean"):
        for form in ("raw", "smoothed"):
            part = data[kind][form]
            yield (
                f"default lifter on 66 unseen views, {kind} 2D, {form}",
                f"MPJPE {part['mpjpe_mm']:.1f} mm, P-MPJPE {part['p_mpjpe_mm']:.1f} mm, "
                f"acceleration {part['acceleration_mm']:.1f} mm/frame²",
                "validation_views.py",
            )


def root_rows(data: dict[str, Any]) -> Iterator[Row]:
    views = data["lifted joints"]["fixed views, noisy"]
    for way, what in (("solved", "solved, as `infer` does"), ("predicted", "predicted by a network")):
        part = views[way]
        yield (
            f"root of the default lifter's motion on 66 unseen views, noisy 2D, {what}",
            f"{part['scaled_mm']:.0f} mm up to one scale ({part['absolute_mm']:.0f} mm without), drift "
            f"{part['drift_mm_per_s']:.0f} mm/s, standing feet slide {part['slide_mm']:.1f} mm a frame",
            "root.py",
        )


def speed_rows(data: dict[str, Any]) -> Iterator[Row]:
    for batch, found in data["batches"].items():
        rates, ratios = found["examples_per_s"], found["ratio"]
        ours = (f"{name} {ratios[name]:.2f} times ({rates[name]:.0f})" for name in ratios if name != "reference")
        yield (
            f"training, 243 frames, 1024 channels, batches of {batch}, examples/s against the reference way "
            f"({rates['reference']:.0f}), two processor cores",
            ", ".join(ours),
            "train_speed.py",
        )


def path_rows(data: dict[str, Any]) -> Iterator[Row]:
    ways = data["ways"]
    plain = ways["plain"]

    def apart(name: str) -> str:
        pairs = list(zip(ways[name]["epochs"], plain["epochs"], strict=True))
        train = max(abs(a["train_mm"] / b["train_mm"] - 1) for a, b in pairs)
        error = ways[name]["result"]["average"]["mpjpe_mm"]
        return f"{name} {100 * train:.2f} %, then {error:.1f} mm"

    epochs = len(plain["epochs"])
    yield (
        f"training losses of {epochs} epochs, at most apart from the plain network's, then MPJPE "
        f"(plain: {plain['result']['average']['mpjpe_mm']:.1f} mm)",
        "; ".join(apart(name) for name in ("fast", "bfloat16")),
        "fast_path.py",
    )
    lines = [
        [[line[key] for key in ("train_mm", "valid_mm")] for line in ways[name]["epochs"]] for name in ("fast", "again")
    ]
    yield "the same run with the same seed once more", "equal" if lines[0] == lines[1] else "not equal", "fast_path.py"


def field_rows(data: dict[str, Any]) -> Iterator[Row]:
    frames = sorted(data["frames"], key=int)

    def errors(measure: str) -> str:
        return ", ".join(f"{data['frames'][count]['result']['average'][measure]:.1f}" for count in frames)

    lengths = ", ".join(frames)
    yield (
        f"supervised on real motion, detector-like noise, subjects apart, {lengths} frames seen",
        f"MPJPE {errors('mpjpe_mm')} mm; P-MPJPE {errors('p_mpjpe_mm')} mm; velocity {errors('mpjve_mm')} mm/frame",
        "receptive_field.py",
    )


def unlabelled_rows(data: dict[str, Any]) -> Iterator[Row]:
    for division, runs in data["divisions"].items():
        alone, both = (runs[name]["result"]["average"] for name in ("supervised", "semi_supervised"))

        def against(measure: str, alone: dict[str, float] = alone, both: dict[str, float] = both) -> str:
            change = 100 * (both[measure] / alone[measure] - 1)
            return f"{both[measure]:.1f} against {alone[measure]:.1f} mm ({change:+.1f} %)"

        yield (
            f"a tenth of one subject labelled, others by back-projection, against labels alone; tested on {division}",
            f"MPJPE {against('mpjpe_mm')}, P-MPJPE {against('p_mpjpe_mm')}, N-MPJPE {against('n_mpjpe_mm')}",
            "backprojection.py",
        )


def detectron2_rows(data: dict[str, Any]) -> Iterator[Row]:
    """Of Keypoint R-CNN, on a processor or a GPU, whichever the file tells of."""
    name, stand_in = data["network"], ", stand-in weights" if data["weights"].startswith("stand-in") else ""
    if "seconds" in data:
        variants = data["seconds"]["variants"]
        sides: dict[str, dict[str, dict[str, Any]]] = {}
        for variant, measured in variants.items():
            precision, side = variant.split(", ")
            sides.setdefault(side, {})[precision] = measured
        for side, kinds in sides.items():
            fewest, most = next(iter(kinds.values()))["people"]
            yield (
                f"`{name}` a frame, {data['seconds']['frame']}, `--short-side {side}`, "
                f"{fewest if fewest == most else f'{fewest} to {most}'} people{stand_in}, "
                f"{data['machine']['threads']} processor cores, decoding included",
                ", ".join(
                    f"{kind} {one['median_s']:.2f} s ({one['lowest_s']:.2f} to {one['highest_s']:.2f})"
                    for kind, one in kinds.items()
                ),
                "keypoint_rcnn.py",
            )
    if "throughput" in data:
        found = data["throughput"]
        rate = {key: one["median_frames_per_s"] for key, one in found["rates"].items()}
        share = found["share_of_peak"]
        yield (
            f"`{name}` on {data['machine']['device']}, {found['frame']}, decoding included{stand_in}, batches of "
            f"{found['batch_size']} in {found['precision']['shipped']} against one frame at a time in float32",
            f"{rate['shipped']:.1f} against {rate['one_at_a_time']:.1f} frames/s, {found['ratio']:.2f} times "
            f"({found['ratio_tf32']:.2f} times with TF32)",
            "keypoint_rcnn.py",
        )
        yield (
            f"the same without decoding (which alone makes {rate['decoding_alone']:.0f} frames/s), and shares of the "
            f"measured bfloat16 peak of {found['matrix_peak_per_s'] / 1e12:.0f} TFLOP/s",
            f"{rate['shipped_without_decoding']:.1f} frames/s; {100 * share['shipped_without_decoding']:.0f} % without "
            f"decoding, {100 * share['shipped']:.0f} % with it",
            "keypoint_rcnn.py",
        )
    networks = data.get("exactness", {}).get("networks", {})
    if networks:
        where = data["machine"]["device"]
        apart = [one for result in networks.values() for one in result["against_detectron2"].values()]
        farthest = {key: max(one[key] for one in apart) for key in ("boxes_px", "keypoints_px", "scores")}
        yield (
            f"farthest from what Detectron2 0.6 finds, {len(networks)} networks, 2 pictures ({where})",
            f"boxes {farthest['boxes_px']:.4f} px, keypoints {farthest['keypoints_px']:.4f} px, "
            f"scores {farthest['scores']:.0e}",
            "keypoint_rcnn.py",
        )
        rounded = [result["bfloat16_against_float32_median"] for result in networks.values()]
        yield (
            f"bfloat16 against float32, medians ({', '.join(key.removeprefix('keypoint-rcnn-') for key in networks)}; "
            f"{where})",
            ", ".join(
                f"{what} {', '.join(f'{one[key]:.2f}' for one in rounded)} px"
                for what, key in (("boxes", "boxes_px"), ("keypoints", "keypoints_px"))
            ),
            "keypoint_rcnn.py",
        )


def ground_rows(data: dict[str, Any]) -> Iterator[Row]:
    for cameras in ("cameras tilted as in training", "cameras tilted as held"):
        found = data[cameras]["lifted joints"]
        level, estimated = found["level camera"], found["estimated"]
        yield (
            f"`--world ground`, {found['views']} unseen views, noisy 2D, {cameras}: error of the vertical, rms",
            f"{estimated['error_degrees']['rms']:.1f} degrees (camera taken as level: "
            f"{level['error_degrees']['rms']:.1f}); hip height over the floor "
            f"{estimated['hip_height_mm']['rms']:.0f} mm ({level['hip_height_mm']['rms']:.0f})",
            "ground.py",
        )


def angle_rows(data: dict[str, Any]) -> Iterator[Row]:
    names = ("knee_flexion", "hip_flexion", "elbow_flexion", "shoulder_elevation", "trunk_inclination")
    words = ", ".join(name.replace("_", " ") for name in names)
    errors = ", ".join(f"{data['noisy'][name]['mean_degrees']:.1f}" for name in names)
    yield f"angles of the default lifter's motion, noisy 2D, mean error: {words}", f"{errors} degrees", "angles.py"


def judgement_rows(data: dict[str, Any]) -> Iterator[Row]:
    for name, words in (("fit", "fit to the picture"), ("bones", "bone lengths")):
        grades = data["errors_by_grade"][name]
        errors = ", ".join(f"{grade} {found['mpjpe_mm'][0]:.0f}" for grade, found in grades.items())
        yield (
            f"verdicts of `report` on {words}, {data['results']} results of known truth: median MPJPE by grade",
            f"{errors} mm (rank correlation {data['rank_correlations'][name]['mpjpe']:.2f})",
            "report_measures.py",
        )


def page_rows(data: dict[str, Any]) -> Iterator[Row]:
    long = data["long"]
    yield (
        f"page of `view`, {long['people']} people, {long['minutes']} minutes at 30 frames/s, without video",
        f"{long['file_mb']:.1f} MB; its program takes {long['program_ms_per_frame']['median']:.1f} ms a frame, "
        f"{data['long_over_short_program']:.2f} times that of half a minute",
        "viewer.py",
    )


TABLE = {
    "infer": infer_rows,
    "batch": batch_rows,
    "overlay": overlay_rows,
    "lift": lift_rows,
    "detect": detect_rows,
    "keypoint_rcnn": detectron2_rows,
    "keypoint_rcnn_gpu": detectron2_rows,
    "track": track_rows,
    "validation_views": view_rows,
    "root": root_rows,
    "train_speed": speed_rows,
    "fast_path": path_rows,
    "receptive_field": field_rows,
    "backprojection": unlabelled_rows,
    "ground": ground_rows,
    "angles": angle_rows,
    "report_measures": judgement_rows,
    "viewer": page_rows,
}
