
-- step.rs

local CLOCK_CHANGED = 600 * SECOND
local OVERRIDE = 7

-- A server may refuse its own script a command.
local REFUSALS = { "can't run this", 'NOPERM', 'not allowed from script', 'nknown Redis command' }

local FIRST_VERSION = {
    'full_at', 'full_at2', 'full_at3', 'full_at4',
    'paused_until', 'generation', 'learnt_interval', 'learnt_until', 'seen',
}

-- The request, and the place up to which it has been read. Instants are counted from `base` on.
local asked, place, base = cmsgpack.unpack(ARGV[1]), 0, 0

local function read()
    place = place + 1
    return asked[place]
end

local function read_or(default)
    local value = read()
    if value == nil then return default end
    return value
end

-- An instant; `default` where there is none.
local function read_instant(default)
    local value = read()
    if value == nil then return default end
    return base + value
end

local function read_limits()
    local limits = {}
    for i = 1, read() do
        local limit = holding(asked[place + 1], asked[place + 2])
        limit.capacity = asked[place + 3] or limit.capacity
        limit.period = asked[place + 4] or limit.period
        limits[i], place = limit, place + 4
    end
    return limits
end

local function read_runs()
    local runs = {}
    for i = 1, read() do
        local count, costs = read(), {}
        for row = 1, read() do
            place = place + 1
            costs[row] = asked[place]
        end
        runs[i] = { count = count, costs = costs }
    end
    return runs
end

-- Calls `set` with the number of each row that is listed.
local function read_rows(set)
    for _ = 1, read() do
        local i = read()
        rows = max(rows, i)
        set(i)
    end
end

local function read_floor(parts)
    local seen = setmetatable({}, ZERO)
    seen.seen = read_instant(0)
    local count = read()
    rows = max(rows, count)
    for i = 1, count do seen[FULL_AT[i]] = read_instant(0) end
    if floor(parts / 2) % 2 == 1 then
        seen.generation, seen.paused_until = read(), read_instant(0)
        seen.pause_kind, seen.lifted_until = read(), read_instant(0)
    end
    if floor(parts / 4) % 2 == 1 then
        read_rows(function(i) seen[LEARNT_INTERVAL[i]], seen[LEARNT_UNTIL[i]] = read(), read_instant(0) end)
    end
    if floor(parts / 8) % 2 == 1 then
        seen.override_until = read_instant(0)
        read_rows(function(i) seen[OVERRIDE_INTERVAL[i]], seen[OVERRIDE_CAPACITY[i]] = read(), read() end)
    end
    return seen
end

-- Draws tokens or calls; answers granted, wait, every
local function act_draw(state, now, usual, served, is_calls)
    local runs = is_calls and read_runs()
    local tokens = is_calls and 0 or read()
    local horizon, longest, drain = read_or(MAX_EXACT), read_or(MAX_EXACT), read() == 1
    local all = buckets(state, now, usual, drain, is_calls or #usual > 1)
    if not is_calls and #usual > 1 then
        local costs = {}
        for i in ipairs(usual) do costs[i] = 1 end
        runs = { { count = min(tokens, MAX_CALLS), costs = costs } }
    end
    local granted, due, every
    if runs then
        granted, due, every = serve(all, runs, horizon, longest, served)
    else
        granted, due, every = draw(all, tokens, horizon, longest)
    end
    keep(all, state)
    return granted, due, every
end

-- What each action does that draws nothing, in the order of the numbers that it is sent as, from 2 on; answers granted.
local ACTIONS = {
    function() return 0 end,
    function(state, now, usual, declared)
        local deltas, drawn = {}, {}
        for i = 1, read() do
            deltas[i] = read()
            if deltas[i] < 0 then drawn[i] = read() end
        end
        return settle(state, deltas, drawn, read_instant(0), declared, usual, now)
    end,
    function(state, now, usual)
        pause(state, now, read(), read(), usual)
        return 0
    end,
    function(state, now, usual)
        resume(state, now, read() == 1, usual)
        return 0
    end,
    function(state, now)
        local i, interval, duration = read(), read(), read()
        if i <= MAX_LIMITS then
            rows = max(rows, i)
            state[LEARNT_INTERVAL[i]], state[LEARNT_UNTIL[i]] = interval, now + duration
        end
        return 0
    end,
    function(state, now, usual, declared)
        local duration = read()
        replace_limits(state, now, declared, usual, read_limits(), duration)
        return 0
    end,
    function(state, now)
        local claim = { process = read(), most = read(), want = read(), held = read(), waiting = read() }
        return lease_slots(state, claim, now)
    end,
    function(state, now) return deposit(state, read(), read(), read(), now) end,
    function(state, now) return withdraw(state, read(), read(), read(), now) end,
}

-- act; answers granted, wait, every. `usual` is what is in force, which one action alone changes.
local function act(state, now, declared, usual, served)
    local action = read()
    if action < 2 then return act_draw(state, now, usual, served, action == 1) end
    local granted = ACTIONS[action - 1](state, now, usual, declared)
    if action == OVERRIDE then
        for i, limit in ipairs(in_force(state, declared, now)) do usual[i] = limit end
    end
    return granted, wait(buckets(state, now, usual, false)), 0
end

-- The error of a command, which is named where the server refuses it: its own words differ.
local function failure(command, reply)
    if type(reply) ~= 'table' or not reply.err then return nil end
    for _, words in ipairs(REFUSALS) do
        if string.find(reply.err, words, 1, true) then
            return redis.error_reply('REFUSED ' .. command)
        end
    end
    return reply
end

-- State::of_first_version. Where it cannot be read, there is nothing to take over.
local function take_over(state)
    local texts = redis.pcall('HMGET', 'paced1' .. string.sub(KEYS[1], 7), unpack(FIRST_VERSION))
    if texts.err or not texts[9] then return end
    rows = max(rows, 4)
    local values = {}
    for i = 1, 9 do values[i] = number(texts[i]) end
    for i = 1, 4 do state[FULL_AT[i]] = values[i] end
    state.paused_until, state.generation, state.lifted_until = values[5], values[6], values[4]
    state[LEARNT_INTERVAL[1]], state[LEARNT_UNTIL[1]], state.seen = values[7], values[8], values[9]
end

-- Writes what has changed, with an expiry: never one without the other. Answers the error, if any. The first value of both
-- lists is the key.
local function write(state, changed, gone, now)
    local failed = #changed > 1 and failure('HSET', redis.pcall('HSET', unpack(changed)))
    if failed then return failed end
    failed = #gone > 1 and failure('HDEL', redis.pcall('HDEL', unpack(gone)))
    if failed then return failed end
    -- Rounded up to milliseconds.
    local kept = max(expires_at(state) - now, SLACK)
    kept = string.format('%.0f', math.ceil(kept / 4000) + 1)
    return failure('PEXPIRE', redis.pcall('PEXPIRE', KEYS[1], kept))
end

local function differs(state, before)
    for name, value in pairs(state) do
        if value ~= before[name] then return true end
    end
    return false
end

-- The first bytes of the names of packed fields, `headroom1` and `runs1`.
local HEADROOM_KIND, RUNS_KIND = 104, 114

local texts = redis.pcall('HGETALL', KEYS[1])
if texts.err then return failure('HGETALL', texts) end
local state, before, byte, most = setmetatable({}, ZERO), setmetatable({}, ZERO), string.byte, 0
for i = 1, #texts, 2 do
    local name, value = texts[i], texts[i + 1]
    local kind, row = byte(name), byte(name, -1) - 48
    if kind ~= HEADROOM_KIND and kind ~= RUNS_KIND and name ~= 'leases' then value = number(value) end
    if row > most and row <= MAX_LIMITS then most = row end
    before[name], state[name] = value, value
end
rows = most
if #texts == 0 then take_over(state) end

local time = redis.pcall('TIME')
if time.err then return failure('TIME', time) end
local now = tonumber(time[1]) * SECOND + tonumber(time[2]) * 4

base = read()
local till, sent = read_instant(MAX_EXACT), read_instant(MAX_EXACT)
local declared = read_limits()
local count = read()
rows = max(rows, #declared)

local reply, changed, gone = { now, 0 }, { KEYS[1] }, { KEYS[1] }

-- Lists the calls that were served, and the state; and what has changed of it.
local function finish(served)
    local last = #reply + 1
    reply[last] = #served / 2
    for i = 1, #served do reply[last + i] = served[i] end
    last = last + #served
    for name, value in pairs(state) do
        reply[last + 1], reply[last + 2] = name, value
        last = last + 2
        if value ~= before[name] then
            if value == 0 then
                gone[#gone + 1] = name
            else
                local text = type(value) == 'string' and value or string.format('%.0f', value)
                changed[#changed + 1], changed[#changed + 2] = name, text
            end
        end
    end
end

local late = now - till
if late > 0 and late < CLOCK_CHANGED then
    reply[2] = 1
    for i = 3, 2 + 3 * count do reply[i] = 0 end
    finish({})
    return reply
end

local ahead = late > 0 and now - min(sent, till) or 0
shift_back(state, now)
shift_forward(state, ahead, till, now)
local usual, served = clamp_to(state, declared, now), {}
local parts, is_merged = read(), false
if parts > 0 then
    local seen = read_floor(parts)
    if ahead > 0 or knows_more(seen, state, #declared) then
        shift_forward(seen, ahead, till, now)
        merge_floor(state, seen, declared, now)
        is_merged = true
    end
end
if declare(state, declared, now) or is_merged then usual = in_force(state, declared, now) end
end_override(state, declared, now)
for nth = 1, count do
    local granted, due, every = act(state, now, declared, usual, served)
    local last = 3 * nth
    reply[last], reply[last + 1], reply[last + 2] = granted, due, every
end

local failed
if differs(state, before) then
    note_declared(state, declared)
    state.seen = now
    finish(served)
    failed = write(state, changed, gone, now)
else
    finish(served)
    -- A replica answers what only reads, from a clock and a state that are not its master's. This changes
    -- nothing, but no replica does it.
    failed = failure('HDEL', redis.pcall('HDEL', KEYS[1], '-'))
end
return failed or reply
