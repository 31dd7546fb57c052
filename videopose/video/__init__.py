"""Video in and out: probing, reading frame by frame, writing H.264 with the source's audio."""

from videopose.video.ffmpeg import ffmpeg_path
from videopose.video.prefetch import prefetch
from videopose.video.probing import probe
from videopose.video.reader import VideoReader
from videopose.video.writer import Encoding, VideoWriter

__all__ = ["Encoding", "VideoReader", "VideoWriter", "ffmpeg_path", "prefetch", "probe"]
