/* Workload D the naive way: every set touches every bar, one thread. out[5] per set: round trips, final equity in rupees,
   winning share, greatest drawdown of the closes, Sharpe of the sessions' closes. */

#include <math.h>
#include <stdint.h>

static void one(int64_t rows, const double *open, const double *close, const double *rsi, const int8_t *ends, double low,
                double high, double units, int64_t capital_paise, double *out) {
    int64_t cash = capital_paise, trips = 0, wins = 0, bought = 0, days = 0;
    int held = 0, pending = 0;
    double peak = capital_paise, deepest = 0, before = capital_paise, sum = 0, squares = 0;
    for (int64_t t = 0; t < rows; t++) {
        if (pending) {
            int64_t value = (int64_t)floor(open[t] * units * 100.0 + 0.5);
            if (pending > 0) {
                cash -= bought = value;
                held = 1;
            } else {
                cash += value;
                held = 0;
                trips++;
                wins += value > bought;
            }
            pending = 0;
        }
        double now = cash;
        if (held) {
            now += floor(close[t] * units * 100.0 + 0.5);
            if (rsi[t] > high) pending = -1;
        } else if (rsi[t] < low) {
            pending = 1;
        }
        if (now > peak) peak = now;
        else if (peak - now > deepest * peak) deepest = 1 - now / peak;
        if (ends[t]) {
            double gain = now / before - 1;
            sum += gain;
            squares += gain * gain;
            before = now;
            days++;
        }
        out[1] = now / 100.0;
    }
    double mean = sum / days, variance = (squares - sum * mean) / (days - 1);
    out[0] = trips;
    out[2] = trips ? (double)wins / trips : 0;
    out[3] = deepest;
    out[4] = variance > 0 ? mean / sqrt(variance) * sqrt(252.0) : 0;
}

void sweep(int64_t rows, int64_t sets, const double *open, const double *close, const double *rsi_by_period,
           const int64_t *period, const int8_t *ends, const double *low, const double *high, double units,
           int64_t capital_paise, double *out) {
    for (int64_t s = 0; s < sets; s++)
        one(rows, open, close, rsi_by_period + period[s] * rows, ends, low[s], high[s], units, capital_paise, out + 5 * s);
}
