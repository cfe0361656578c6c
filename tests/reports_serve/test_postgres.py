"""Two collectors on one PostgreSQL: one store, one outbox."""

from pathlib import Path

from sqlalchemy import create_engine, text

from tests.reports_serve.collector import collector
from tests.reports_serve.reports import report_body
from tests.reports_serve.upstream import Enphase, answer, resets, says, wait_for


def test_two_collectors_share_a_database(
    tmp_path: Path, enphase: Enphase, postgres_url: str
) -> None:
    """What either acknowledged is stored once and goes out in order, once.

    When the one that empties the outbox dies, the other goes on.
    """
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))

    def count(table: str) -> int:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT count(*) FROM {table}"))
            return int(found.scalar_one())

    enphase.reaction = resets
    bodies = [report_body(number) for number in range(6)]
    options = (
        *("--mode", "store-and-forward", "--db", postgres_url),
        *("--upstream", enphase.url),
    )
    with collector(tmp_path / "b", *options) as second:
        with collector(tmp_path / "a", *options) as first:
            for number, body in enumerate(bodies):
                taker = first if number % 2 else second
                assert taker.post(body).status == 200
            assert first.post(bodies[0]).status == 200
            assert (count("raw"), count("outbox")) == (6, 6)
            first.process.kill()
            first.process.wait()
        enphase.got.clear()
        enphase.reaction = says(answer())
        wait_for(lambda: count("outbox") == 0, 60)
        assert [got.body for got in enphase.got] == bodies
        assert count("interval") == 6 * 3
    engine.dispose()
