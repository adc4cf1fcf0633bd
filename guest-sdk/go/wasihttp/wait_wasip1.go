package wasihttp

import (
	"context"
	"runtime"
	"time"

	clock "pipefitter/internal/bindings/wasi_clocks_monotonic_clock"
	poll "pipefitter/internal/bindings/wasi_io_poll"
)

// How long the whole component waits before goroutines that wait for something else are looked at again.
const slice = 5 * time.Millisecond

// What goroutines wait for. There is one thread: no lock.
var waiting = map[*poll.Pollable]struct{}{}

// await waits until something is ready, and drops it. Other goroutines go on meanwhile: all that wait here wait
// together, and one that waits for time gets its turn within a slice.
func await(ctx context.Context, pollable *poll.Pollable) error {
	waiting[pollable] = struct{}{}
	defer func() {
		delete(waiting, pollable)
		pollable.Drop()
	}()
	for !pollable.Ready() {
		if err := ctx.Err(); err != nil {
			return err
		}
		runtime.Gosched()
		timer := clock.SubscribeDuration(uint64(slice))
		all := []*poll.Pollable{timer}
		for other := range waiting {
			all = append(all, other)
		}
		poll.Poll(all)
		timer.Drop()
	}
	return nil
}
