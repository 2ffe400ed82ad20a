"""All benches, in the order in which they run."""

from bench.autoban.measured import AUTOBAN
from bench.build import BUILD
from bench.idle import IDLE
from bench.media import MEDIA
from bench.rates import CALLS, REGISTRATIONS
from bench.sizes import SIZES
from bench.start import START
from bench.websms import WEBSMS

BENCHES = {
    bench.name: bench
    for bench in (BUILD, SIZES, START, IDLE, REGISTRATIONS, CALLS, MEDIA, AUTOBAN, WEBSMS)
}
