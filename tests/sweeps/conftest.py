"""A store with the sample prices, made once."""

import pytest

from framework.engines.compilation import compile_engine


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory):
    from framework.store import open_store
    from framework.store.sample import load_sample

    path = tmp_path_factory.mktemp("sweeps") / "market.sqlite"
    with open_store(path) as store:
        load_sample(store)
    return path


@pytest.fixture
def db(tmp_path, sample_store):
    path = tmp_path / "market.sqlite"
    path.write_bytes(sample_store.read_bytes())
    return path


@pytest.fixture(scope="session", autouse=True)
def _compiled():
    """Whoever compiles first says so on stderr, in the middle of whatever a test compares."""
    compile_engine()
