
-- quotas.rs

-- hold; answers whether the new value holds from now on
local function hold(state, name, looser, equal, last, now)
    local till = state[name]
    if equal then
        if till > 0 and till < last then state[name] = min(last + floor((last - now) / 4), now + LONGEST_PAUSE) end
        return false
    end
    if not looser then
        state[name] = 0
        return true
    end
    if till == 0 then
        state[name] = last
        return false
    end
    if till > now then return false end
    state[name] = 0
    return true
end

-- State::declare
local function declare(state, limits, now)
    for i = 1, #limits do
        local limit = limits[i]
        local interval, burst = state[QUOTA_INTERVAL[i]], state[QUOTA_BURST[i]]
        local own, last = floor(limit.capacity / limit.interval), now + limit.period
        local looser, equal = limit.interval < interval, limit.interval == interval
        if interval > 0 and hold(state, QUOTA_INTERVAL_UNTIL[i], looser, equal, last, now) then
            state[QUOTA_INTERVAL[i]] = limit.interval
        end
        if burst > 0 and hold(state, QUOTA_BURST_UNTIL[i], own > burst, own == burst, last, now) then
            state[QUOTA_BURST[i]] = own
        end
    end
end

-- State::note_declared
local function note_declared(state, limits)
    for i = 1, #limits do
        local limit = limits[i]
        if state[QUOTA_INTERVAL[i]] == 0 then
            state[QUOTA_INTERVAL[i]], state[QUOTA_INTERVAL_UNTIL[i]] = limit.interval, 0
        end
        if state[QUOTA_BURST[i]] == 0 then
            state[QUOTA_BURST[i]], state[QUOTA_BURST_UNTIL[i]] = floor(limit.capacity / limit.interval), 0
        end
    end
end
