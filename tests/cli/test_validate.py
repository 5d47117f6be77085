from harness_forge import cli


def test_reports_all_faults_and_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/mine.yaml").write_text(
        "# Mine. Needs nothing.\n# Command: forge compose recipe=mine\n"
        "defaults: [schema, _self_]\nsed: 3\nrun: {limit: x}\n"
    )
    assert cli.main(["validate"]) == 2
    assert capsys.readouterr().err.splitlines()[0::2] == [
        "forge: recipes/mine.yaml:4: sed: unknown key",
        "recipes/mine.yaml:5: run.limit: must be a whole number, not 'x'",
    ]


def test_says_what_it_checked(capsys):
    assert cli.main(["validate"]) == 0
    assert "recipes and" in capsys.readouterr().out


def test_takes_nothing(capsys):
    assert cli.main(["validate", "seed=1"]) == 2
    assert "forge validate takes nothing" in capsys.readouterr().err
