"""The pictures of the administrator's page, in English."""

from .camera import Scene

SCENES: list[Scene] = []
