"""Keypoint R-CNN of Detectron2 in plain torch."""
