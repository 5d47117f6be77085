"""Every key a recipe may set, as dataclasses: the shape that recipes are checked against.

Each part has a file of its own beside this one, which joins them.
`GROUPS` names the folders of conf/ and what a file in each must hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness_forge.config.budget import BudgetConfig
from harness_forge.config.contamination import ContaminationConfig
from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.config.engine import EngineConfig
from harness_forge.config.export import ExportConfig
from harness_forge.config.feedback import FeedbackConfig
from harness_forge.config.filters import FiltersConfig
from harness_forge.config.format import FormatConfig
from harness_forge.config.generate import GenerateConfig
from harness_forge.config.gpu import GpuConfig
from harness_forge.config.graph import GraphConfig
from harness_forge.config.grpo import GrpoConfig
from harness_forge.config.health import HealthConfig
from harness_forge.config.judge import JudgeConfig
from harness_forge.config.kernel import KernelConfig
from harness_forge.config.labels import LabelsConfig
from harness_forge.config.merge import MergeConfig
from harness_forge.config.model import ModelConfig
from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.prices import PricesConfig
from harness_forge.config.promote import PromoteConfig
from harness_forge.config.prompt import PromptConfig
from harness_forge.config.prove import ProveConfig
from harness_forge.config.proxy import ProxyConfig
from harness_forge.config.redaction import RedactionConfig
from harness_forge.config.role import RoleConfig
from harness_forge.config.run import Purpose, RunConfig
from harness_forge.config.schedule import ScheduleConfig
from harness_forge.config.serve import ServeConfig
from harness_forge.config.signing import SigningConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.source import SourceConfig
from harness_forge.config.split import SplitConfig
from harness_forge.config.store import StoreConfig
from harness_forge.config.suite import SuiteConfig
from harness_forge.config.train import DpoConfig, KtoConfig, TrainConfig
from harness_forge.config.ui import UiConfig
from harness_forge.config.workset import WorksetConfig


@dataclass(frozen=True)
class AttemptStep:
    """One run that `dvc repro` makes; its other settings come from `policy` and `run`.

    Args:
        policy: who acts: gold, mutated or model.
        purpose: collect (may be exported) or evaluate (never exported).
        samples: independent answers per work item; None takes `policy.samples`.
        limit: at most this many work items; None takes `run.limit`.
    """

    policy: PolicyKind = PolicyKind.gold
    purpose: Purpose = Purpose.collect
    samples: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class ForgeConfig:
    """One whole composition. Every verb reads only its own sections.

    Args:
        recipe: name of the recipe this came from; set by the composition.
        forge_home: folder of the embedded store, the scanner and the worksets.
        data_dir: folder that datasets are written to.
        seed: of every draw that is not a split.
        skill: what is learned.
        skills: what is learned where it is several skills, by name; `skill`
            then only names them together. Empty where it is one.
        policy: who acts.
        prompt: what a worker's prompt says of an item.
        run: what is attempted and for what purpose.
        attempt: the runs `dvc repro` makes, by name, in order.
        store: where records live.
        prices: what tokens and electricity cost.
        graph: the Bolt server that the records are mirrored to.
        source: where foreign records come from.
        sources: what `dvc repro` takes in before its runs, by name, each from where its
            `path` says; it goes to the recipe's skill with recorded attempts.
        generate: what rows are made of a repository.
        labels: what the label audit looks for.
        role: the role to export.
        format: what a dataset's lines look like.
        export: which rows become examples, as SQL.
        engine: where an export prepares its rows.
        exports: the same for each of several roles, by role; `export` then
            only names the dataset. Empty where it is one.
        preferences: the pairs that the loop trains its adapter further on, as an export
            for each role, by role. Empty where the loop trains on examples alone.
        filters: what takes rows out although their outcome was right.
        duplicates: what counts as the same row twice.
        contamination: what of evaluations no row may hold.
        feedback: what went wrong on validation and weights the training rows.
        redaction: what is replaced by pseudonyms before anything is written.
        split: how work items are divided.
        budget: what looks at the holdout may spend.
        model: the base model that adapters are trained on.
        train: how an adapter is trained.
        dpo: how it is trained further, on preference pairs.
        kto: how it is trained further, on answers with a label.
        merge: how `forge adapter merge` makes one adapter of several.
        grpo: how it is trained further, on its own answers as the environment judges them.
        gpu: the GPUs that a training is planned for.
        prove: what an adapter is proven against.
        suite: what lm-eval scores answers by.
        suites: the same where it is several suites, by name; `suite` then only
            names them together. Empty where it is one.
        judge: a model that scores answers, never the only evidence.
        kernel: turns of an agent that are captured, scored and learned from.
        promote: the rule by which an adapter becomes champion.
        signing: whose adapters are used, and with which key yours are signed.
        serve: how a model and its adapters are served.
        proxy: the proxy before model servers, and what it captures.
        schedule: when unattended cycles run.
        ui: how the console is served, and whether it may write.
        health: what is watched, and what raises an alert.
        worksets: isolated tool environments, by name.
    """

    recipe: str = ""
    forge_home: str = ".forge"
    data_dir: str = "data"
    seed: int = 20261121
    skill: SkillConfig = field(default_factory=SkillConfig)
    skills: dict[str, SkillConfig] = field(default_factory=dict)
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    prompt: PromptConfig = field(default_factory=PromptConfig)
    run: RunConfig = field(default_factory=RunConfig)
    attempt: dict[str, AttemptStep] = field(default_factory=dict)
    store: StoreConfig = field(default_factory=StoreConfig)
    prices: PricesConfig = field(default_factory=PricesConfig)
    graph: GraphConfig = field(default_factory=GraphConfig)
    source: SourceConfig = field(default_factory=SourceConfig)
    sources: dict[str, SourceConfig] = field(default_factory=dict)
    generate: GenerateConfig = field(default_factory=GenerateConfig)
    labels: LabelsConfig = field(default_factory=LabelsConfig)
    role: RoleConfig = field(default_factory=RoleConfig)
    format: FormatConfig = field(default_factory=FormatConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    exports: dict[str, ExportConfig] = field(default_factory=dict)
    preferences: dict[str, ExportConfig] = field(default_factory=dict)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    duplicates: DuplicatesConfig = field(default_factory=DuplicatesConfig)
    contamination: ContaminationConfig = field(default_factory=ContaminationConfig)
    feedback: FeedbackConfig = field(default_factory=FeedbackConfig)
    redaction: RedactionConfig = field(default_factory=RedactionConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    dpo: DpoConfig = field(default_factory=DpoConfig)
    kto: KtoConfig = field(default_factory=KtoConfig)
    merge: MergeConfig = field(default_factory=MergeConfig)
    grpo: GrpoConfig = field(default_factory=GrpoConfig)
    gpu: GpuConfig = field(default_factory=GpuConfig)
    prove: ProveConfig = field(default_factory=ProveConfig)
    suite: SuiteConfig = field(default_factory=SuiteConfig)
    suites: dict[str, SuiteConfig] = field(default_factory=dict)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    kernel: KernelConfig = field(default_factory=KernelConfig)
    promote: PromoteConfig = field(default_factory=PromoteConfig)
    signing: SigningConfig = field(default_factory=SigningConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)
    proxy: ProxyConfig = field(default_factory=ProxyConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    ui: UiConfig = field(default_factory=UiConfig)
    health: HealthConfig = field(default_factory=HealthConfig)
    worksets: dict[str, WorksetConfig] = field(default_factory=dict)


GROUPS: dict[str, type] = {
    "skill": SkillConfig,
    "policy": PolicyConfig,
    "store": StoreConfig,
    "prices": PricesConfig,
    "source": SourceConfig,
    "role": RoleConfig,
    "format": FormatConfig,
    "export": ExportConfig,
    "engine": EngineConfig,
    "filters": FiltersConfig,
    "feedback": FeedbackConfig,
    "redaction": RedactionConfig,
    "model": ModelConfig,
    "train": TrainConfig,
    "dpo": DpoConfig,
    "suite": SuiteConfig,
    "judge": JudgeConfig,
    "promote": PromoteConfig,
    "serve": ServeConfig,
    "proxy": ProxyConfig,
    "schedule": ScheduleConfig,
    "health": HealthConfig,
    "workset": WorksetConfig,
}
"""Folder of conf/ to the dataclass that each of its files fills."""
