
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

-- State::declare; answers whether something else may be in force
local function declare(state, limits, now)
    local is_changed = false
    for i = 1, #limits do
        local limit = limits[i]
        local interval, burst = state[QUOTA_INTERVAL[i]], state[QUOTA_BURST[i]]
        local own, last = burst_of(limit), now + limit.period
        local is_held = state[QUOTA_INTERVAL_UNTIL[i]] > 0 or state[QUOTA_BURST_UNTIL[i]] > 0
        if is_held or limit.interval ~= interval or own ~= burst then
            is_changed = true
            local looser, equal = limit.interval < interval, limit.interval == interval
            if interval > 0 and hold(state, QUOTA_INTERVAL_UNTIL[i], looser, equal, last, now) then
                if interval < limit.interval then forget_draws(state, i, now) end
                state[QUOTA_INTERVAL[i]] = limit.interval
            end
            if burst > 0 and hold(state, QUOTA_BURST_UNTIL[i], own > burst, own == burst, last, now) then
                state[QUOTA_BURST[i]] = own
            end
        end
    end
    return is_changed
end

-- State::clear_override
local function clear_override(state)
    state.override_until = 0
    for i = 1, rows do state[OVERRIDE_INTERVAL[i]], state[OVERRIDE_CAPACITY[i]] = 0, 0 end
end

-- State::forget_cheaper
local function forget_cheaper(state, earlier, declared, now)
    for i, limit in ipairs(in_force(state, declared, now)) do
        if earlier[i] > 0 and earlier[i] < limit.interval then forget_draws(state, i, now) end
    end
end

-- State::end_override
local function end_override(state, declared, now)
    if state.override_until > now then return end
    local earlier, is_set = {}, false
    for i = 1, rows do
        earlier[i] = state[OVERRIDE_INTERVAL[i]]
        is_set = is_set or earlier[i] > 0
    end
    if is_set then
        clear_override(state)
        forget_cheaper(state, earlier, declared, now)
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
            state[QUOTA_BURST[i]], state[QUOTA_BURST_UNTIL[i]] = burst_of(limit), 0
        end
    end
end
