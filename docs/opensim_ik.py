"""OpenSim on a TRC file: scale Pose2Sim's model to the markers, then inverse kinematics.

python opensim_ik.py out/walk.person1.trc out/walk.opensim

needs `pip install opensim` and the folder Pose2Sim/OpenSim_Setup of the pose2sim package in the current folder, see
INFERENCE.md. Leaves scaled.osim and angles.mot in the second folder; both open in OpenSim's window.
"""

import sys
from pathlib import Path

import opensim


def scale_model(setup: Path, trc: Path, folder: Path, times_s: tuple[float, float]) -> Path:
    """Make the model as large as the person."""
    model = opensim.Model(str(setup / "Model_Pose2Sim_simple.osim"))
    model.set_MarkerSet(opensim.MarkerSet(str(setup / "Markers_Halpe26.xml")))
    model.initSystem()
    model.printToXML(str(folder / "generic.osim"))
    tool = opensim.ScaleTool(str(setup / "Scaling_Setup_Pose2Sim_Halpe26.xml"))
    tool.setPathToSubject("")
    tool.getGenericModelMaker().setModelFileName(str(folder / "generic.osim"))
    scaler, order, span = tool.getModelScaler(), opensim.ArrayStr(), opensim.ArrayDouble(times_s[0], 2)
    order.append("measurements")
    span.set(1, times_s[1])
    scaler.setScalingOrder(order)
    scaler.setTimeRange(span)
    scaler.setMarkerFileName(str(trc))
    scaler.getMeasurementSet().get("foot").setApply(False)  # there are no markers of feet
    scaler.setOutputModelFileName(str(folder / "scaled.osim"))
    tool.getMarkerPlacer().setApply(False)
    tool.run()
    return folder / "scaled.osim"


def find_angles(setup: Path, model: Path, trc: Path, folder: Path, times_s: tuple[float, float]) -> None:
    """Write the model's joint angles that put its markers nearest to the file's."""
    tool = opensim.InverseKinematicsTool(str(setup / "IK_Setup_Pose2Sim_Halpe26.xml"))
    tool.set_model_file(str(model))
    tool.set_marker_file(str(trc))
    for end, time_s in enumerate(times_s):
        tool.set_time_range(end, time_s)
    tool.set_results_directory(str(folder))
    tool.set_output_motion_file(str(folder / "angles.mot"))
    tool.run()


def main() -> None:
    setup = Path("Pose2Sim/OpenSim_Setup").resolve()
    trc, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    column = opensim.TimeSeriesTableVec3(str(trc)).getIndependentColumn()
    times_s = (column[0], column[-1])
    find_angles(setup, scale_model(setup, trc, folder, times_s), trc, folder, times_s)


if __name__ == "__main__":
    main()
