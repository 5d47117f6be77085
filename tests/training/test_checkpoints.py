"""How often a training saves: the plugin's rule, without the libraries that it runs in."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from harness_forge.training.launch import PLUGINS


@pytest.fixture
def plugin(monkeypatch):
    """The plugin, its libraries stood in for by empty classes; test_real_training.py has them."""
    names = {
        "torch": (),
        "axolotl": (),
        "axolotl.integrations": (),
        "axolotl.integrations.base": ("BasePlugin",),
        "transformers": ("DynamicCache", "TrainerCallback"),
        "transformers.modeling_outputs": ("CausalLMOutputWithPast",),
    }
    for name, classes in names.items():
        module = ModuleType(name)
        for one in classes:
            setattr(module, one, type(one, (), {}))
        monkeypatch.setitem(sys.modules, name, module)
    # With a GPU it hides no module, which here would be hidden from every other test.
    sys.modules["torch"].cuda = SimpleNamespace(is_available=lambda: True)
    spec = importlib.util.spec_from_file_location("plugin_alone", PLUGINS / "forge_axolotl.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize(
    ("steps", "most", "every"),
    [(27, 20, 6), (400, 20, 20), (100, 20, 20), (99, 20, 20), (14, 20, 3), (4, 2, 1), (1, 20, 1)],
)
def test_a_short_training_saves_each_fifth_of_its_steps(plugin, steps, most, every):
    # A resumed training has read another number from its state; what is asked for counts.
    state = SimpleNamespace(max_steps=steps, save_steps=999)
    plugin.OftenEnough().on_train_begin(SimpleNamespace(save_steps=most, world_size=1), state, None)
    assert state.save_steps == every


def test_every_training_has_the_rule(plugin, monkeypatch):
    monkeypatch.delenv("FORGE_METRICS", raising=False)
    (alone,) = plugin.ForgePlugin().add_callbacks_post_trainer(None, None)
    assert isinstance(alone, plugin.OftenEnough)


def test_processes_that_do_not_know_of_each_other_are_refused(plugin, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="2 processes were started, and the trainer knows 1"):
        plugin.OftenEnough().on_train_begin(SimpleNamespace(save_steps=1, world_size=1), None, None)
