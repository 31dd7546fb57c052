"""Run by a Python that has OpenSim: prints, as JSON, what it reads in TRC files, or runs inverse kinematics.

opensim_probe.py SITE read FILE...
opensim_probe.py SITE kinematics POSE2SIM_SETUP FILE FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

import opensim


def triple(vector: Any) -> list[float]:
    return [vector[axis] for axis in range(3)]


def read(path: str) -> dict[str, Any]:
    """The same file by both of OpenSim's readers."""
    table = opensim.TimeSeriesTableVec3(path)
    labels = list(table.getColumnLabels())
    rows = [table.getRowAtIndex(row) for row in range(table.getNumRows())]
    data = opensim.MarkerData(path)
    frames = [data.getFrame(number) for number in range(data.getNumFrames())]
    names = data.getMarkerNames()
    return {
        "table": {
            "labels": labels,
            "times_s": list(table.getIndependentColumn()),
            "rate": table.getTableMetaDataString("DataRate"),
            "units": table.getTableMetaDataString("Units"),
            "places": [[triple(row[column]) for column in range(len(labels))] for row in rows],
        },
        "data": {
            "labels": [names.get(number) for number in range(data.getNumMarkers())],
            "times_s": [frame.getFrameTime() for frame in frames],
            "numbers": [frame.getFrameNumber() for frame in frames],
            "rate": data.getDataRate(),
            "units": data.getUnits().getLabel(),
            "places": [[triple(frame.getMarker(number)) for number in range(len(labels))] for frame in frames],
        },
    }


def kinematics(setup: Path, trc: str, folder: Path) -> dict[str, list[float]]:
    """Joint angles by name, of Pose2Sim's model scaled to the markers and then moved after them."""
    model = opensim.Model(str(setup / "Model_Pose2Sim_simple.osim"))
    model.set_MarkerSet(opensim.MarkerSet(str(setup / "Markers_Halpe26.xml")))
    model.initSystem()
    model.printToXML(str(folder / "generic.osim"))
    times_s = opensim.TimeSeriesTableVec3(trc).getIndependentColumn()

    scale = opensim.ScaleTool(str(setup / "Scaling_Setup_Pose2Sim_Halpe26.xml"))
    scale.setPathToSubject("")
    scale.getGenericModelMaker().setModelFileName(str(folder / "generic.osim"))
    scaler = scale.getModelScaler()
    order = opensim.ArrayStr()
    order.append("measurements")
    scaler.setScalingOrder(order)
    span = opensim.ArrayDouble(times_s[0], 2)
    span.set(1, times_s[-1])
    scaler.setTimeRange(span)
    scaler.setMarkerFileName(trc)
    scaler.getMeasurementSet().get("foot").setApply(False)  # there are no markers of feet
    scaler.setOutputModelFileName(str(folder / "scaled.osim"))
    scale.getMarkerPlacer().setApply(False)
    scale.run()

    tool = opensim.InverseKinematicsTool(str(setup / "IK_Setup_Pose2Sim_Halpe26.xml"))
    tool.set_model_file(str(folder / "scaled.osim"))
    tool.set_marker_file(trc)
    tool.set_time_range(0, times_s[0])
    tool.set_time_range(1, times_s[-1])
    tool.set_results_directory(str(folder))
    tool.set_output_motion_file(str(folder / "ik.mot"))
    if not tool.run():
        sys.exit("inverse kinematics failed")
    angles = opensim.TimeSeriesTable(str(folder / "ik.mot"))
    errors = opensim.TimeSeriesTable(str(folder / "_ik_marker_errors.sto"))
    found = {name: list(angles.getDependentColumn(name).to_numpy()) for name in angles.getColumnLabels()}
    return found | {"marker_error_RMS": list(errors.getDependentColumn("marker_error_RMS").to_numpy())}


if __name__ == "__main__":
    opensim.Logger.setLevelString("error")
    if sys.argv[2] == "read":
        result: Any = {"version": opensim.GetVersion(), "files": [read(path) for path in sys.argv[3:]]}
    else:
        result = kinematics(Path(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
    print(json.dumps(result))
