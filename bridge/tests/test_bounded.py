import numpy as np

from gradproof_bridge.formulas.bounded import (
    HALVES,
    Bounded,
    bounded,
    concatenate,
    exp,
    kept_in,
    log,
    sigmoid,
    sqrt,
    tanh,
)

RANDOM = np.random.default_rng(0)


def within(number, actual):
    return np.all(np.abs(actual.astype(np.float64) - number.value) <= number.error)


def test_float32_arithmetic_stays_within_the_running_error():
    a, b = (RANDOM.standard_normal((40, 60)).astype(np.float32) for _ in range(2))
    x, y = bounded(a), bounded(b)
    assert within(x + y, a + b)
    assert within(x * y - x, a * b - a)
    assert within(x / (y * y + 1.0), a / (b * b + np.float32(1)))
    assert within(x @ y.swap(), a @ b.T)
    assert within(x.sum(1), a.sum(1))
    assert within(x.mean((0, 1)), a.mean())
    assert within(exp(x), np.exp(a))
    assert within(log(exp(x) + 1.0), np.log(np.exp(a) + np.float32(1)))
    assert within(sqrt(x * x), np.sqrt(a * a))
    assert within(tanh(x), np.tanh(a))
    assert within(sigmoid(x), np.float32(1) / (np.float32(1) + np.exp(-a)))


def test_any_order_of_a_sum_is_within():
    a = RANDOM.standard_normal(10_000).astype(np.float32)
    total = bounded(a).sum()
    assert within(total, np.array(np.cumsum(a, dtype=np.float32)[-1]))
    assert within(total, np.array(np.cumsum(np.sort(a), dtype=np.float32)[-1]))


def test_a_term_that_is_left_out_is_not():
    a = RANDOM.standard_normal(1000).astype(np.float32)
    assert not within(bounded(a).sum(), np.array(a[:-1].sum()))


def test_a_coarser_unit_widens_the_error():
    a = RANDOM.standard_normal(64)
    with kept_in(HALVES["float16"]):
        coarse = (bounded(a) * 3.0).error
    assert np.all(coarse > 1000 * (bounded(a) * 3.0).error)


def test_parts_keep_their_errors():
    joined = concatenate([Bounded(np.ones(2), np.ones(2)), bounded(np.zeros(1))], 0)
    assert joined.error.tolist() == [1, 1, 0]
