"""Configs that come with the library, and where their weights are."""

from pathlib import Path

URLS = {
    "COCO-Keypoints/red.yaml": "https://dl.fbaipublicfiles.com/detectron2/COCO-Keypoints/red/1/model_final_000000.pkl",
    "COCO-Keypoints/keypoint_rcnn_R_101_FPN_3x.yaml": "https://dl.fbaipublicfiles.com/detectron2/COCO-Keypoints/"
    "keypoint_rcnn_R_101_FPN_3x/138363331/model_final_997cc7.pkl",
}


def get_config_file(config_path: str) -> str:
    file = Path(__file__).parent / "configs" / config_path
    if not file.exists():
        raise RuntimeError(f"{config_path} not available in Model Zoo!")
    return str(file)


def get_checkpoint_url(config_path: str) -> str:
    if config_path not in URLS:
        raise RuntimeError(f"Pretrained model for {config_path} is not available!")
    return URLS[config_path]
