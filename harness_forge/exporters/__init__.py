"""SQL over attempts and turns, made into examples and preference pairs."""

from harness_forge.exporters.config import AnswerKind, ExportConfig, ExportKind

__all__ = ["AnswerKind", "ExportConfig", "ExportKind"]
