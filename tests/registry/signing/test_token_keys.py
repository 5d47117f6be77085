"""A key of a token, here SoftHSM, signs as one of a file does; each way it can fail is said."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from signing_keys import Pair
from whole_adapters import packaged

from harness_forge.config.signing import SigningConfig
from harness_forge.core.errors import TrainError
from harness_forge.datasets.review import statement
from harness_forge.registry.signing import keys, own_key, signature, trust

pytest.importorskip("PyKCS11", reason="pip install 'harness-forge[pkcs11]'")
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
MODULE = next((one for one in MODULES if Path(one).is_file()), "")
PIN = "4321 & a + sign"

pytestmark = pytest.mark.skipif(
    not (MODULE and shutil.which("softhsm2-util") and shutil.which("pkcs11-tool")),
    reason="needs softhsm2 and opensc",
)


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    """A token with an EC key `mine`, one of P-384, and an RSA key; returns the URI of a key."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    pins = [f"--pin={PIN}", "--so-pin=87654321"]
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label=forge", *pins], check=True,
        capture_output=True,
    )  # fmt: skip
    for number, (name, kind) in enumerate(
        {"mine": "EC:prime256v1", "long": "EC:secp384r1", "rsa": "rsa:2048"}.items(), start=1
    ):
        words = ["--login", f"--pin={PIN}", "--keypairgen", f"--key-type={kind}"]
        words += ["--token-label=forge", f"--label={name}", f"--id=0{number}"]
        subprocess.run(
            ["pkcs11-tool", f"--module={MODULE}", *words], check=True, capture_output=True
        )
    yield (
        lambda name="mine", token="forge": (
            f"pkcs11:token={token};object={name}?module-path={MODULE}"
        )
    )
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture(autouse=True)
def pin(monkeypatch):
    monkeypatch.setenv(keys.PASSWORD, PIN)


def public(uri, folder) -> Path:
    place = folder / "public.pem"
    place.write_bytes(own_key.public_pem(uri))
    return place


@pytest.mark.parametrize("name", ["mine", "long"])
def test_an_adapter_is_signed_by_it_and_checked_with_its_public_half(token, tmp_path, name):
    adapter = packaged(tmp_path)
    config = SigningConfig(key=token(name), public_key=str(public(token(name), tmp_path)))
    trust.demand_key(config)
    trust.signed(adapter, config)
    trust.demand(adapter, config)
    (adapter.folder / "README.md").write_text("licence: anything")
    with pytest.raises(TrainError, match=r"is not what was signed: .*README\.md"):
        trust.demand(adapter, config)


@pytest.mark.parametrize("name", ["mine", "long"])
def test_a_text_is_signed_as_openssl_reads_it(token, tmp_path, name):
    text, made = tmp_path / "text", tmp_path / "text.sig"
    text.write_bytes(b"reviewed\n" * 9)
    made.write_bytes(own_key.signed_text(token(name), text.read_bytes()))
    key = public(token(name), tmp_path)
    said = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", key, "-signature", made, text],
        capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout == "Verified OK\n"
    (trusted,) = keys.trusted_keys(key)
    assert statement._signed(trusted, text.read_bytes(), made.read_bytes())


def test_a_project_that_would_refuse_what_it_signs(token, tmp_path):
    other = Pair(tmp_path / "keys").public
    with pytest.raises(TrainError, match="would refuse its adapters\n  hint: pkcs11-tool"):
        trust.demand_key(SigningConfig(key=token(), public_key=str(other)))


FAULTS = [
    ("mine", {}, "1111", "its PIN is another\n  hint: put its PIN into FORGE_SIGNING_PASSWORD"),
    ("mine", {}, "", "a private one needs its PIN\n  hint: put its PIN into"),
    ("none", {}, PIN, "its token has no such key"),
    ("rsa", {}, PIN, "its key is no EC key; EC keys of P-256"),
    ("mine", {"token": "elsewhere"}, PIN, "there is no such token\n  hint: as pkcs11:token"),
]


@pytest.mark.parametrize(("name", "where", "pin", "said"), FAULTS)
def test_what_is_wrong_is_said_before_anything_is_written(
    token, tmp_path, monkeypatch, name, where, pin, said
):
    monkeypatch.setenv(keys.PASSWORD, pin)
    adapter = packaged(tmp_path)
    before = sorted(file.name for file in adapter.folder.iterdir())
    with pytest.raises(TrainError, match=said):
        signature.sign(adapter.folder, token(name, **where))
    assert sorted(file.name for file in adapter.folder.iterdir()) == before


def test_a_pin_is_not_written_into_a_config(token):
    with pytest.raises(TrainError, match="has its PIN in it") as found:
        own_key.public_pem(f"{token()}&pin-value=secret9")
    assert "secret9" not in str(found.value)


def test_a_pin_of_a_file(token, tmp_path, monkeypatch):
    monkeypatch.delenv(keys.PASSWORD)
    (tmp_path / "pin").write_text(PIN)
    assert own_key.public_pem(f"{token()}&pin-source=file:{tmp_path}/pin").startswith(b"-----BEGIN")


@pytest.mark.parametrize("uri", ["pkcs11:token=a;object=b", "pkcs11:a?module-path=/nowhere.so"])
def test_without_a_module(uri):
    with pytest.raises(TrainError, match=r"(names no module|there is no module /nowhere.so)\n"):
        own_key.public_pem(uri)
