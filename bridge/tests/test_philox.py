import numpy as np

from gradproof_bridge.philox import Draw, philox


def test_known_answers_of_the_paper():
    assert [f"{word:08x}" for word in philox(4, 0, 0)] == [
        "6627e8d5",
        "e169c58d",
        "bc57ac4c",
        "9b00dbd8",
    ]


def test_a_stream_goes_on_where_it_stopped():
    whole = philox(40, 3, 9)
    assert np.array_equal(np.concatenate([philox(8, 3, 9), philox(32, 3, 9, start=2)]), whole)


def test_draws_depend_on_seed_and_name_alone():
    first, again, other, seeded = Draw(1, "a"), Draw(1, "a"), Draw(1, "b"), Draw(2, "a")
    x = first.normal(3, 5)
    assert np.array_equal(x, again.normal(3, 5))
    assert not np.array_equal(x, other.normal(3, 5))
    assert not np.array_equal(x, seeded.normal(3, 5))


def test_draws_have_their_range_and_shape():
    draw = Draw(0, "range")
    integers = draw.integers(1000, low=-2, high=3)
    assert set(integers.tolist()) == set(range(-2, 4))
    x = draw.normal(10_000)
    assert abs(float(x.mean())) < 0.05
    assert abs(float(x.std()) - 1) < 0.05
