-- The second implementation of `step`, for a server that cannot run Rust: same names, same order, same answers to the
-- last bit. Whoever changes one changes the other; a test replays random histories against both. The files of this
-- folder are one script, in the order state, quotas, draw, actions, main.
--
-- KEYS[1]  the limiter's state: a hash, whose missing fields are 0. Fields of other names are left as they are.
-- ARGV[1]  the request: a list in the format of MessagePack, see ../encoding.rs
--
-- Replies  now, stale, granted, wait and every for each action, the number of calls that were served, wait and row for
--          each of them, and then the fields of the state after all actions, each with its value.
--
-- Numbers are doubles. All are whole and below 2^53, where doubles are exact: the asker bounds what it
-- sends, and what is read is bounded here.

-- state.rs, row_state.rs, limit.rs, merge.rs

local MAX_LIMITS = 8
local MIN_INTERVAL = 40
local MAX_CAPACITY = 281474976710656 -- 2^48
local MAX_GENERATION = 4503599627370496 -- 2^52
local MAX_EXACT = 9007199254740992 -- 2^53
local MAX_TOKENS = 4294967295
local SECOND = 4000000
local MINUTE = 60 * SECOND
local HOUR = 3600 * SECOND
local LONGEST_PAUSE = 30 * 24 * HOUR
local LONGEST_PERIOD = LONGEST_PAUSE
local SLACK = 2 * SECOND

local max, min, floor, huge = math.max, math.min, math.floor, math.huge

-- The fields of each limit.
local FULL_AT = { 'full_at1', 'full_at2', 'full_at3', 'full_at4', 'full_at5', 'full_at6', 'full_at7', 'full_at8' }
local SPILT_AT = {
    'spilt_at1', 'spilt_at2', 'spilt_at3', 'spilt_at4',
    'spilt_at5', 'spilt_at6', 'spilt_at7', 'spilt_at8',
}
local QUOTA_INTERVAL = {
    'quota_interval1', 'quota_interval2', 'quota_interval3', 'quota_interval4',
    'quota_interval5', 'quota_interval6', 'quota_interval7', 'quota_interval8',
}
local QUOTA_BURST = {
    'quota_burst1', 'quota_burst2', 'quota_burst3', 'quota_burst4',
    'quota_burst5', 'quota_burst6', 'quota_burst7', 'quota_burst8',
}
local QUOTA_INTERVAL_UNTIL = {
    'quota_interval_until1', 'quota_interval_until2', 'quota_interval_until3', 'quota_interval_until4',
    'quota_interval_until5', 'quota_interval_until6', 'quota_interval_until7', 'quota_interval_until8',
}
local QUOTA_BURST_UNTIL = {
    'quota_burst_until1', 'quota_burst_until2', 'quota_burst_until3', 'quota_burst_until4',
    'quota_burst_until5', 'quota_burst_until6', 'quota_burst_until7', 'quota_burst_until8',
}
local LEARNT_INTERVAL = {
    'learnt_interval1', 'learnt_interval2', 'learnt_interval3', 'learnt_interval4',
    'learnt_interval5', 'learnt_interval6', 'learnt_interval7', 'learnt_interval8',
}
local LEARNT_UNTIL = {
    'learnt_until1', 'learnt_until2', 'learnt_until3', 'learnt_until4',
    'learnt_until5', 'learnt_until6', 'learnt_until7', 'learnt_until8',
}
local OVERRIDE_INTERVAL = {
    'override_interval1', 'override_interval2', 'override_interval3', 'override_interval4',
    'override_interval5', 'override_interval6', 'override_interval7', 'override_interval8',
}
local OVERRIDE_CAPACITY = {
    'override_capacity1', 'override_capacity2', 'override_capacity3', 'override_capacity4',
    'override_capacity5', 'override_capacity6', 'override_capacity7', 'override_capacity8',
}
local HEADROOM = {
    'headroom1', 'headroom2', 'headroom3', 'headroom4',
    'headroom5', 'headroom6', 'headroom7', 'headroom8',
}
local RUNS = { 'runs1', 'runs2', 'runs3', 'runs4', 'runs5', 'runs6', 'runs7', 'runs8' }

-- The number of limits of which anything is known.
local rows = 0

local ZERO = { __index = function() return 0 end }

-- A whole number in bounds, whatever the text is: it may have been edited by hand.
local function number(text)
    local value = tonumber(text)
    if not value or not (value > 0) then return 0 end
    if value > MAX_EXACT then return MAX_EXACT end
    return value - value % 1
end

-- u64::saturating_sub
local function above(a, b)
    if a > b then return a - b end
    return 0
end

-- Limit::burst
local function burst_of(limit)
    local burst = limit.capacity / limit.interval
    return burst - burst % 1
end

-- Limit::holding
local function holding(interval, burst, period)
    local capacity = interval * burst
    if capacity > MAX_CAPACITY then capacity = MAX_CAPACITY end
    if not period then
        period = capacity > SECOND and capacity or SECOND
        if period > LONGEST_PERIOD then period = LONGEST_PERIOD end
    end
    return { interval = interval, capacity = capacity, period = period }
end

-- Limit::slowed
local function slow(limit, interval)
    interval = min(max(interval, MIN_INTERVAL), MAX_CAPACITY)
    if interval <= limit.interval then return limit end
    return { interval = interval, capacity = max(limit.capacity, interval), period = limit.period }
end

-- Limit::tightened
local function tightened(limit, interval, burst)
    local own = burst_of(limit)
    local fewest = (burst == 0 or burst > own) and own or burst
    if interval <= limit.interval and fewest == own then return limit end
    return holding(min(max(limit.interval, interval), MAX_CAPACITY), fewest, limit.period)
end

-- Limit::replaced
local function replaced(limit, interval, capacity)
    interval = min(max(interval, MIN_INTERVAL), MAX_CAPACITY)
    return { interval = interval, capacity = min(max(capacity, interval), MAX_CAPACITY), period = limit.period }
end

-- Limit::furthest
local function furthest(limit)
    local ahead = limit.capacity + limit.interval * 512 + MINUTE
    return ahead < 2 * MAX_CAPACITY and ahead or 2 * MAX_CAPACITY
end

-- Limit::deepest
local function deepest(limit)
    return furthest(limit) + limit.period
end

-- Limit::most
local function most_of(limit)
    return limit.capacity + limit.period
end

-- SharedQuota::tighten
local function tighten(state, i, limit, now)
    local interval, burst = state[QUOTA_INTERVAL[i]], state[QUOTA_BURST[i]]
    if interval > limit.interval then
        local till = state[QUOTA_INTERVAL_UNTIL[i]]
        if till ~= 0 and till <= now then interval = 0 end
    end
    if burst ~= 0 and burst * limit.interval < limit.capacity then
        local till = state[QUOTA_BURST_UNTIL[i]]
        if till ~= 0 and till <= now then burst = 0 end
    end
    return tightened(limit, interval, burst)
end

-- State::in_force
local function in_force(state, declared, now)
    local overridden = state.override_until > now
    local limits = {}
    for i = 1, #declared do
        local limit = declared[i]
        if overridden and state[OVERRIDE_INTERVAL[i]] > 0 then
            limits[i] = replaced(limit, state[OVERRIDE_INTERVAL[i]], state[OVERRIDE_CAPACITY[i]])
        elseif state[QUOTA_INTERVAL[i]] == limit.interval and state[QUOTA_BURST[i]] == burst_of(limit) then
            limits[i] = limit
        else
            limits[i] = tighten(state, i, limit, now)
        end
    end
    return limits
end

-- State::slowed
local function slowed(state, limits, now)
    local slower = limits
    for i = 1, #limits do
        if state[LEARNT_UNTIL[i]] > now and state[LEARNT_INTERVAL[i]] < MAX_CAPACITY then
            if slower == limits then slower = { unpack(limits) } end
            slower[i] = slow(limits[i], state[LEARNT_INTERVAL[i]])
        end
    end
    return slower
end

-- RowState::closed_until; 0 for none
local function closed_until(state, i, now)
    local till = state[LEARNT_UNTIL[i]]
    return till > now and state[LEARNT_INTERVAL[i]] >= MAX_CAPACITY and till or 0
end

-- The records of a packed field: lists of its values.
local function unpacked(text, format, size)
    local records = {}
    for at = 1, (text == 0 and 0 or #text) - size + 1, size do
        records[#records + 1] = { struct.unpack(format, text, at) }
    end
    return records
end

-- The packed field of these records; 0 for none.
local function packed(records, format)
    local texts = {}
    for i, record in ipairs(records) do texts[i] = struct.pack(format, unpack(record)) end
    return #texts > 0 and table.concat(texts) or 0
end

local LEASE, LEASE_SIZE, SENT_RUN, SENT_RUN_SIZE = '<c8I4I4I8', 24, '<I8I4', 12
local ROOM, ROOM_SIZE, FOUR_ROOMS = '<I8I8', 16, '<I8I8I8I8I8I8I8I8'

local INSTANTS = { FULL_AT, SPILT_AT, LEARNT_UNTIL, QUOTA_INTERVAL_UNTIL, QUOTA_BURST_UNTIL }

-- The first value of each record of a packed field is an instant.
local function each_record(state, name, format, size, change)
    if state[name] == 0 then return end
    local records = {}
    for _, record in ipairs(unpacked(state[name], format, size)) do
        record[1] = change(record[1])
        if record[1] > 0 or format ~= ROOM then records[#records + 1] = record end
    end
    state[name] = packed(records, format)
end

-- The headroom of a limit: instants and rooms in turn.
local function headroom_of(state, i)
    local text = state[HEADROOM[i]]
    if text == 0 then return {} end
    local count = floor(#text / ROOM_SIZE)
    local format = count == 4 and FOUR_ROOMS or '<' .. string.rep('I8', 2 * count)
    local list = { struct.unpack(format, text) }
    -- The place of what follows.
    list[2 * count + 1] = nil
    return list
end

-- RowState::last_drawn_at
local function last_drawn_at(state, i)
    local list = headroom_of(state, i)
    return max(state[SPILT_AT[i]], list[#list - 1] or 0)
end

-- RowState::forget_draws
local function forget_draws(state, i, now)
    state[SPILT_AT[i]] = max(now, last_drawn_at(state, i)) + 1
    state[HEADROOM[i]] = 0
end

-- The packed field of it; 0 for none.
local function packed_headroom(list)
    local size = #list
    if size == 0 then return 0 end
    local format = size == 8 and FOUR_ROOMS or '<' .. string.rep('I8', size)
    return struct.pack(format, unpack(list))
end

-- State::each_instant
local function each_instant(state, change)
    local function of(name)
        local instant = state[name]
        if instant ~= 0 then state[name] = change(instant) end
    end
    for i = 1, rows do
        for _, names in ipairs(INSTANTS) do of(names[i]) end
        each_record(state, RUNS[i], SENT_RUN, SENT_RUN_SIZE, change)
        each_record(state, HEADROOM[i], ROOM, ROOM_SIZE, change)
    end
    of('paused_until')
    of('lifted_until')
    of('override_until')
    of('budget_at')
    of('kept_until')
    if state.leases ~= 0 then
        local leases = unpacked(state.leases, LEASE, LEASE_SIZE)
        for _, lease in ipairs(leases) do lease[4] = change(lease[4]) end
        state.leases = packed(leases, LEASE)
    end
end

-- State::shift_back
local function shift_back(state, now)
    local back = above(state.seen, now)
    if back == 0 then return end
    each_instant(state, function(instant) return above(instant, back) end)
    state.seen = now
end

-- State::shift_forward
local function shift_forward(state, by, latest, now)
    if by == 0 or state.seen == 0 or state.seen > latest then return end
    each_instant(state, function(instant) return instant > 0 and min(instant + by, MAX_EXACT) or 0 end)
    state.seen = min(state.seen + by, MAX_EXACT, now)
end

-- State::clamp_to; answers what is in force
local function clamp_to(state, limits, now)
    local latest = now + LONGEST_PAUSE
    if state.paused_until > latest then state.paused_until = 0 end
    if state.lifted_until > latest then state.lifted_until = 0 end
    if state.override_until > latest then state.override_until = 0 end
    if state.kept_until > latest then state.kept_until = 0 end
    for i = 1, rows do
        if state[LEARNT_UNTIL[i]] > latest then state[LEARNT_UNTIL[i]] = 0 end
        if state[QUOTA_INTERVAL_UNTIL[i]] > latest then state[QUOTA_INTERVAL_UNTIL[i]] = 0 end
        if state[QUOTA_BURST_UNTIL[i]] > latest then state[QUOTA_BURST_UNTIL[i]] = 0 end
    end
    if state.generation > MAX_GENERATION then state.generation = 0 end
    local from = max(now, state.paused_until)
    local usual = in_force(state, limits, now)
    local slower = slowed(state, usual, now)
    for i = 1, #slower do
        local last, text = from + deepest(slower[i]), state[HEADROOM[i]]
        if state[FULL_AT[i]] > last then state[FULL_AT[i]] = last end
        if state[SPILT_AT[i]] > last then state[SPILT_AT[i]] = last end
        -- They are in the order of their instants.
        if text ~= 0 and #text >= ROOM_SIZE and struct.unpack('<I8', text, #text - ROOM_SIZE + 1) > last then
            each_record(state, HEADROOM[i], ROOM, ROOM_SIZE, function(at) return min(at, last) end)
        end
    end
    return usual
end

-- State::restore
local function restore(state, seen, limits, now)
    for i = 1, rows do
        local till, interval = seen[LEARNT_UNTIL[i]], seen[OVERRIDE_INTERVAL[i]]
        state[LEARNT_INTERVAL[i]], state[LEARNT_UNTIL[i]] = till > 0 and seen[LEARNT_INTERVAL[i]] or 0, till
        local capacity = interval > 0 and seen[OVERRIDE_CAPACITY[i]] or 0
        state[OVERRIDE_INTERVAL[i]], state[OVERRIDE_CAPACITY[i]] = interval, capacity
    end
    for i in ipairs(limits) do state[SPILT_AT[i]] = max(state[SPILT_AT[i]], now) end
    state.override_until = seen.override_until
    state.lifted_until = max(state.lifted_until, seen.lifted_until)
end

-- Whether a floor can change anything.
local function knows_more(seen, state, count)
    if seen.seen > state.seen or seen.generation > state.generation then return true end
    for i = 1, count do
        if seen[FULL_AT[i]] > state[FULL_AT[i]] then return true end
    end
    return seen.paused_until > state.paused_until
end

-- State::merge_floor; `seen` is the floor
local function merge_floor(state, seen, limits, now)
    shift_back(seen, now)
    clamp_to(seen, limits, now)
    local void = seen.generation < state.generation and 1 or 0
    for i = 1 + void, #limits do
        local full_at = seen[FULL_AT[i]]
        if full_at > state[FULL_AT[i]] then state[FULL_AT[i]] = full_at end
    end
    local lifted = seen.generation < state.generation and seen.paused_until <= state.lifted_until
    if not lifted and seen.paused_until > state.paused_until then
        state.paused_until, state.pause_kind = seen.paused_until, seen.pause_kind
    end
    local newer = seen.seen > state.seen
    if newer or seen.generation > state.generation then
        state.generation = max(state.generation, seen.generation + 1)
    end
    if newer then restore(state, seen, limits, now) end
end

-- State::expires_at
local function expires_at(state)
    local last = max(state.paused_until, state.lifted_until, state.override_until, state.kept_until)
    if state.budget_missing > 0 then last = max(last, state.budget_at + HOUR) end
    for i = 1, rows do
        if state[FULL_AT[i]] > last then last = state[FULL_AT[i]] end
        if state[LEARNT_UNTIL[i]] > last then last = state[LEARNT_UNTIL[i]] end
        if state[QUOTA_INTERVAL_UNTIL[i]] > last then last = state[QUOTA_INTERVAL_UNTIL[i]] end
        if state[QUOTA_BURST_UNTIL[i]] > last then last = state[QUOTA_BURST_UNTIL[i]] end
    end
    return last + SLACK
end
