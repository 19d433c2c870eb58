-- For wrk: asks for the paths of a file in turn, and prints in one line what `bench-rest` reads.
-- usage: wrk ... -s bench-rest.lua URL -- FILE

local requests, at = {}, 0

function init(args)
    for path in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format("GET", path)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

-- Requests, seconds, then µs: half were answered in, 99 of 100; then connections that failed and bytes.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("figures %d %.6f %d %d %d %d\n", summary.requests, summary.duration / 1e6,
        latency:percentile(50), latency:percentile(99), errors.connect + errors.read + errors.write + errors.timeout,
        summary.bytes))
end
