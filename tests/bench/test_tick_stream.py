"""A stream of ticks through a real WebSocket into the production runner: each is taken, and a bar is decided on."""

from bench.tick_stream import lines_of, measure


def test_no_tick_of_a_stream_is_lost_between_the_socket_and_the_decision(tmp_path):
    found = measure(tmp_path, 10, 200, 4.0, before_close_s=1.5)
    assert (800, 800, {"taken": 800}) == (found.sent, found.taken, found.fates)
    assert 800 == found.latency.count
    assert (1, "active") == (found.decisions, found.state)
    assert lines_of(found)[0].startswith("800 ticks sent, 0 lost")
