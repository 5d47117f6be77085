"""A signature covers every file of an adapter; each way it can fail is said."""

import json
import os

import pytest
from signing_keys import OTHERS, Pair
from whole_adapters import packaged

from harness_forge.config.signing import SigningConfig
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.registry.adapters import package
from harness_forge.registry.signing import keys, signature, trust


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path / "keys")


@pytest.fixture
def signed(tmp_path, pair):
    adapter = packaged(tmp_path)
    signature.sign(adapter.folder, str(pair.private))
    return adapter


def asks(file):
    return SigningConfig(public_key=str(file))


def test_one_that_is_as_it_was_signed(signed, pair):
    assert trust.demand(package.load(signed.folder), asks(pair.public)).digest == signed.digest


def test_a_copy_under_another_name_is_too(signed, pair, tmp_path):
    package.copy(signed, tmp_path / "outputs" / "sft")
    trust.demand(package.load(tmp_path / "outputs" / "sft"), asks(pair.public))


def test_it_holds_no_path_of_this_machine(signed, tmp_path):
    import base64

    bundle = json.loads((signed.folder / "model.sig").read_text())
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"]).decode()
    assert str(tmp_path) not in payload
    assert "adapter_model.safetensors" in payload


def test_unsigned(tmp_path, pair):
    with pytest.raises(TrainError, match=r"is not signed \(no model.sig\)"):
        trust.demand(packaged(tmp_path), asks(pair.public))


def test_signed_by_somebody_else(signed, tmp_path):
    other = Pair(tmp_path / "keys", "other")
    with pytest.raises(TrainError, match="is signed with a key that is not trusted here"):
        trust.demand(signed, asks(other.public))


def changed_card(folder, _):
    (folder / "README.md").write_text("licence: anything")


def changed_lineage(folder, _):
    place = folder / "lineage.json"
    place.write_text(place.read_text().replace("CC0-1.0", "none"))


def a_file_taken_away(folder, _):
    (folder / "README.md").unlink()


def a_file_more(folder, _):
    (folder / ".gitattributes").write_text("x")


def signature_of_another(folder, pair):
    other = packaged(folder.parents[1] / "elsewhere", weight=0.7)
    signature.sign(other.folder, str(pair.private))
    (folder / "model.sig").write_bytes((other.folder / "model.sig").read_bytes())


def edited_payload(folder, _):
    import base64

    place = folder / "model.sig"
    bundle = json.loads(place.read_text())
    raw = base64.b64decode(bundle["dsseEnvelope"]["payload"]).replace(b"mine-", b"evil-")
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(raw).decode()
    place.write_text(json.dumps(bundle))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (changed_card, "is not what was signed: .*Hash mismatch for 'README.md'"),
        (changed_lineage, r"is not what was signed: .*Hash mismatch for 'lineage.json'"),
        (a_file_taken_away, r"is not what was signed: .*Missing files .*README.md"),
        (a_file_more, r"is not what was signed: .*Extra files .*\.gitattributes"),
        (signature_of_another, "is not what was signed: .*Hash mismatch"),
        (edited_payload, "was changed after it was made"),
    ],
)
def test_what_was_changed_since_is_named(signed, pair, change, fault):
    change(signed.folder, pair)
    with pytest.raises(TrainError, match=fault):
        trust.demand(signed, asks(pair.public))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, "{}", '{"verificationMaterial": {"publicKey": null}}']
)
def test_a_signature_that_is_none(signed, pair, text):
    (signed.folder / "model.sig").write_text(text)
    with pytest.raises(TrainError, match=r"cannot be read|a key that is not trusted here"):
        trust.demand(signed, asks(pair.public))


def test_a_signature_that_names_the_key_and_holds_nothing(signed, pair):
    hint = keys.trusted_keys(pair.public)[0].hint
    facts = {"verificationMaterial": {"publicKey": {"hint": hint}}, "dsseEnvelope": {}}
    (signed.folder / "model.sig").write_text(json.dumps(facts))
    with pytest.raises(TrainError, match="cannot be read"):
        trust.demand(signed, asks(pair.public))


def test_a_signer_cannot_leave_the_weights_out(signed, pair):
    from model_signing import hashing, signing

    left = hashing.Config().set_ignored_paths(paths=["model.sig", "adapter_model.safetensors"])
    place = signed.folder / "model.sig"
    place.unlink()
    config = signing.Config().use_elliptic_key_signer(private_key=pair.private)
    config.set_hashing_config(left).sign(signed.folder, place)
    with pytest.raises(TrainError, match=r"does not cover adapter_model.safetensors"):
        trust.demand(signed, asks(pair.public))


def test_a_certificate_is_a_key_with_dates(signed, pair):
    trust.demand(signed, asks(pair.certificate(-2, 2)))
    with pytest.raises(TrainError, match=r"the certificate of its key expired on \d{4}-\d\d-\d\d"):
        trust.demand(signed, asks(pair.certificate(-9, -2)))
    with pytest.raises(TrainError, match="is not valid before"):
        trust.demand(signed, asks(pair.certificate(2, 9)))


def test_a_file_may_hold_an_old_key_and_a_new_one(signed, pair, tmp_path):
    other = Pair(tmp_path / "keys", "other")
    both = tmp_path / "both.pem"
    both.write_bytes(other.public.read_bytes() + b"\nthe old one:\n" + pair.public.read_bytes())
    trust.demand(signed, asks(both))


@pytest.mark.parametrize("kind", OTHERS)
def test_a_key_of_another_kind(signed, tmp_path, kind):
    other = Pair(tmp_path / "keys", "other", OTHERS[kind]())
    with pytest.raises(TrainError, match=rf"holds an? .*{kind}.*"):
        trust.demand(signed, asks(other.public))
    with pytest.raises(TrainError, match=rf"is an? .*{kind}.*"):
        signature.sign(signed.folder, str(other.private))


def test_private_and_public_taken_for_each_other(signed, pair, tmp_path):
    with pytest.raises(TrainError, match="holds a private key: whom to trust"):
        trust.demand(signed, asks(pair.private))
    with pytest.raises(TrainError, match="holds no private key"):
        signature.sign(signed.folder, str(pair.public))
    with pytest.raises(TrainError, match=r"cannot be read: No such file"):
        trust.demand(signed, asks(tmp_path / "nowhere.pem"))
    (tmp_path / "empty.pem").write_bytes(b"")
    with pytest.raises(TrainError, match="holds no public key and no certificate"):
        trust.demand(signed, asks(tmp_path / "empty.pem"))


def test_an_encrypted_key_needs_its_password(signed, tmp_path, monkeypatch):
    sealed = Pair(tmp_path / "keys", "sealed", password=b"four words")
    with pytest.raises(TrainError, match="is encrypted\n  hint: put its password into FORGE_SIG"):
        signature.sign(signed.folder, str(sealed.private))
    monkeypatch.setenv(keys.PASSWORD, "another")
    with pytest.raises(TrainError, match="is the password in FORGE_SIGNING_PASSWORD right"):
        signature.sign(signed.folder, str(sealed.private))
    monkeypatch.setenv(keys.PASSWORD, "four words")
    signature.sign(signed.folder, str(sealed.private))
    trust.demand(signed, asks(sealed.public))


def test_required_without_a_key_refuses_everything(signed):
    with pytest.raises(ConfigError, match="there is no key to check signatures with"):
        trust.demand(signed, SigningConfig(required=True))
    assert trust.demand(signed, SigningConfig()) is signed


def test_a_training_signs_once_and_keeps_an_earlier_signature(tmp_path, pair):
    adapter = packaged(tmp_path)
    own = SigningConfig(key=str(pair.private), public_key=str(pair.public))
    trust.demand_key(own)
    first = trust.signed(adapter, own).folder.joinpath("model.sig").read_bytes()
    assert trust.signed(adapter, own).folder.joinpath("model.sig").read_bytes() == first
    trust.demand(adapter, own)


def test_a_key_whose_adapters_the_project_would_refuse(tmp_path, pair):
    other = Pair(tmp_path / "keys", "other")
    own = SigningConfig(key=str(pair.private), public_key=str(other.public))
    with pytest.raises(TrainError, match="this project would refuse its adapters"):
        trust.demand_key(own)
    own = SigningConfig(key=str(pair.private), public_key=str(pair.certificate(-9, -2)))
    with pytest.raises(TrainError, match="expired on"):
        trust.demand_key(own)


def test_a_damaged_adapter_is_not_signed(tmp_path, pair):
    adapter = packaged(tmp_path)
    (adapter.folder / "adapter_config.json").write_text("{}")
    with pytest.raises(TrainError, match="not those that were packaged"):
        signature.sign(adapter.folder, str(pair.private))
    assert not signature.is_signed(adapter.folder)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_only_be_read_stays_unsigned(tmp_path, pair):
    adapter = packaged(tmp_path)
    adapter.folder.chmod(0o555)
    try:
        with pytest.raises(TrainError, match="cannot be written"):
            signature.sign(adapter.folder, str(pair.private))
    finally:
        adapter.folder.chmod(0o755)
    assert not signature.is_signed(adapter.folder)
    assert not list(adapter.folder.parent.glob(".model.sig*"))
