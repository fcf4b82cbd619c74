-- The second implementation of `step` (../step.rs and ../state.rs), for a server that cannot run Rust:
-- same names, same order, same answers to the last bit. Whoever changes one changes the other; a test
-- replays random histories against both.
--
-- KEYS[1]  the limiter's state: a hash, whose missing fields are 0
-- ARGV     not_after, sent_at, number of limits, interval and capacity of each, number of actions, each
--          action with its four parameters, and then, if the asker has seen one, a state: the floor
--
-- Replies  now, stale, the state after all actions, and for each action granted, wait and every, all of
--          them integers.
--
-- Numbers are doubles. All are whole and below 2^53, where doubles are exact: the asker bounds what it
-- sends, and what is read is bounded here.

local MAX_LIMITS = 4
local MIN_INTERVAL = 40
local MAX_CAPACITY = 281474976710656 -- 2^48
local MAX_GENERATION = 4503599627370496 -- 2^52
local MAX_EXACT = 9007199254740992 -- 2^53
local MAX_TOKENS = 4294967295
local SECOND = 4000000
local MINUTE = 60 * SECOND
local LONGEST_PAUSE = 30 * 24 * 3600 * SECOND
local CLOCK_CHANGED = 600 * SECOND
local SHORTEST_EXTENSION = SECOND / 20
local SLACK = 2 * SECOND

-- A server may refuse its own script a command.
local REFUSALS = { "can't run this", 'NOPERM', 'not allowed from script', 'nknown Redis command' }

local max, min, floor = math.max, math.min, math.floor

-- A state is a list in this order; the limits' instants come first, so that `state[i]` is `full_at[i]`.
local FIELDS = {
    'full_at', 'full_at2', 'full_at3', 'full_at4',
    'paused_until', 'generation', 'learnt_interval', 'learnt_until', 'seen',
}
local PAUSED_UNTIL, GENERATION, LEARNT_INTERVAL, LEARNT_UNTIL, SEEN = 5, 6, 7, 8, 9

-- A whole number in bounds, whatever the text is: it may have been edited by hand.
local function number(text)
    local value = tonumber(text)
    if not value or not (value > 0) then return 0 end
    return floor(min(value, MAX_EXACT))
end

-- u64::saturating_sub
local function above(a, b)
    return max(a - b, 0)
end

-- Limit::slowed
local function slow(limit, interval)
    interval = min(max(interval, MIN_INTERVAL), MAX_CAPACITY)
    if interval <= limit.interval then return limit end
    return { interval = interval, capacity = max(limit.capacity, interval) }
end

-- Limit::furthest
local function furthest(limit)
    return min(limit.capacity + limit.interval * 512 + MINUTE, 2 * MAX_CAPACITY)
end

-- State::slowed
local function slowed(state, limits, now)
    if state[LEARNT_UNTIL] <= now then return limits end
    return { slow(limits[1], state[LEARNT_INTERVAL]), limits[2], limits[3], limits[4] }
end

-- State::follow
local function follow(state, now)
    local back = above(state[SEEN], now)
    if back == 0 then return end
    for i = 1, MAX_LIMITS do state[i] = above(state[i], back) end
    state[PAUSED_UNTIL] = above(state[PAUSED_UNTIL], back)
    state[LEARNT_UNTIL] = above(state[LEARNT_UNTIL], back)
    state[SEEN] = now
end

-- State::lead
local function lead(state, by, latest, now)
    if by == 0 or state[SEEN] == 0 or state[SEEN] > latest then return end
    for i = 1, MAX_LIMITS do state[i] = min(state[i] + by, MAX_EXACT) end
    state[PAUSED_UNTIL] = min(state[PAUSED_UNTIL] + by, MAX_EXACT)
    state[LEARNT_UNTIL] = min(state[LEARNT_UNTIL] + by, MAX_EXACT)
    state[SEEN] = min(state[SEEN] + by, now)
end

-- State::tame
local function tame(state, limits, now)
    local latest = now + LONGEST_PAUSE
    if state[PAUSED_UNTIL] > latest then state[PAUSED_UNTIL] = 0 end
    if state[LEARNT_UNTIL] > latest then state[LEARNT_UNTIL] = 0 end
    if state[GENERATION] > MAX_GENERATION then state[GENERATION] = 0 end
    local from = max(now, state[PAUSED_UNTIL])
    for i, limit in ipairs(slowed(state, limits, now)) do
        state[i] = min(state[i], from + furthest(limit))
    end
end

-- State::note_lifted
local function note_lifted(state, limits)
    if #limits < MAX_LIMITS then state[MAX_LIMITS] = max(state[MAX_LIMITS], state[PAUSED_UNTIL]) end
end

-- State::has_lifted
local function has_lifted(state, seen, limits)
    local known = #limits == MAX_LIMITS or seen[PAUSED_UNTIL] <= state[MAX_LIMITS]
    return seen[GENERATION] < state[GENERATION] and known
end

-- State::heal; `seen` is the floor
local function heal(state, seen, limits, now)
    follow(seen, now)
    tame(seen, limits, now)
    local void = seen[GENERATION] < state[GENERATION] and 1 or 0
    for i = 1 + void, #limits do state[i] = max(state[i], seen[i]) end
    if not has_lifted(state, seen, limits) then
        state[PAUSED_UNTIL] = max(state[PAUSED_UNTIL], seen[PAUSED_UNTIL])
    end
    local newer = seen[SEEN] > state[SEEN]
    if newer or seen[GENERATION] > state[GENERATION] then
        state[GENERATION] = max(state[GENERATION], seen[GENERATION] + 1)
    end
    if newer then
        state[LEARNT_INTERVAL] = seen[LEARNT_INTERVAL]
        state[LEARNT_UNTIL] = seen[LEARNT_UNTIL]
    end
end

-- Buckets::of
local function buckets(state, now, declared, drain)
    local limits = slowed(state, declared, now)
    local all = { from = max(now, state[PAUSED_UNTIL]), limits = limits, full_at = {} }
    local full_at = all.full_at
    for i, limit in ipairs(limits) do
        full_at[i] = max(state[i], now)
        if drain then full_at[i] = max(full_at[i], now + limit.capacity) end
    end
    local pacing, first = limits[1], declared[1]
    if pacing.interval ~= first.interval or pacing.capacity ~= first.capacity then
        full_at[1] = max(full_at[1], now + pacing.capacity - pacing.interval)
    end
    if state[PAUSED_UNTIL] > now then
        full_at[1] = max(full_at[1], state[PAUSED_UNTIL] + pacing.capacity)
    end
    return all
end

-- Buckets::wait
local function wait(all, now)
    local longest
    for i, limit in ipairs(all.limits) do
        local one = all.full_at[i] + limit.interval - (limit.capacity + now)
        if not longest or one > longest then longest = one end
    end
    return longest
end

-- Buckets::room, and what is free in Buckets::draw_together: the fewest intervals that fit in
local function fewest(all, instant)
    local count = MAX_TOKENS
    for i, limit in ipairs(all.limits) do
        count = min(count, floor(above(instant(limit), all.full_at[i]) / limit.interval))
    end
    return count
end

-- Buckets::draw; answers granted, wait, every
local function draw(all, now, tokens, horizon, longest)
    local due = wait(all, now)
    local most = min(tokens, fewest(all, function(limit) return all.from + furthest(limit) end))
    if most == 0 or max(due, 0) > longest then return 0, due, 0 end
    if #all.limits > 1 then
        local free = fewest(all, function(limit) return now + limit.capacity end)
        return min(max(free, 1), most), free > 0 and 0 or due, 0
    end
    local every = all.limits[1].interval
    local more = floor(above(horizon, due) / every)
    return min(more + 1, most), due, every
end

-- take
local function take(state, now, limits, granted, due)
    if granted == 0 then return end
    local used = now + max(due, 0)
    for i, limit in ipairs(limits) do
        state[i] = max(state[i], used) + limit.interval * granted
    end
end

-- pause
local function pause(state, now, duration, limits)
    local till = now + duration
    if till <= max(state[PAUSED_UNTIL], now) then return end
    if state[PAUSED_UNTIL] > now then
        local extended = state[PAUSED_UNTIL] + SHORTEST_EXTENSION
        till = max(till, min(extended, now + LONGEST_PAUSE))
    end
    state[GENERATION] = state[GENERATION] + 1
    state[PAUSED_UNTIL] = till
    state[1] = till + limits[1].capacity
end

-- resume
local function resume(state, now, limits)
    if state[PAUSED_UNTIL] <= now then return end
    note_lifted(state, limits)
    state[GENERATION] = state[GENERATION] + 1
    state[PAUSED_UNTIL] = now
    state[1] = now + limits[1].capacity
end

-- act, for the action whose name is ARGV[at]; answers granted, wait, every
local function act(state, now, declared, at)
    local action = ARGV[at]
    local limits = slowed(state, declared, now)
    if action == 'draw' then
        local drain = ARGV[at + 4] == '1'
        local all = buckets(state, now, declared, drain)
        local tokens, horizon, longest = number(ARGV[at + 1]), number(ARGV[at + 2]), number(ARGV[at + 3])
        local granted, due, every = draw(all, now, tokens, horizon, longest)
        if granted > 0 or drain then
            for i in ipairs(limits) do state[i] = all.full_at[i] end
            take(state, now, limits, granted, due)
        end
        return granted, due, every
    elseif action == 'pause' then
        pause(state, now, min(number(ARGV[at + 1]), LONGEST_PAUSE), limits)
    elseif action == 'resume' then
        if ARGV[at + 1] == '1' then state[LEARNT_INTERVAL], state[LEARNT_UNTIL] = 0, 0 end
        resume(state, now, slowed(state, declared, now))
    elseif action == 'learn' then
        state[LEARNT_INTERVAL] = min(number(ARGV[at + 1]), MAX_CAPACITY)
        state[LEARNT_UNTIL] = now + min(number(ARGV[at + 2]), LONGEST_PAUSE)
    end
    return 0, wait(buckets(state, now, declared, false), now), 0
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

-- Writes what has changed, with an expiry: never one without the other. Answers the error, if any.
local function write(state, before, now)
    local changed = { KEYS[1] }
    for i, name in ipairs(FIELDS) do
        if state[i] ~= before[i] then
            changed[#changed + 1] = name
            changed[#changed + 1] = string.format('%.0f', state[i])
        end
    end
    local failed = failure('HSET', redis.pcall('HSET', unpack(changed)))
    if failed then return failed end
    -- State::expires_at, rounded up to milliseconds
    local last = max(state[1], state[2], state[3], state[4], state[PAUSED_UNTIL], state[LEARNT_UNTIL])
    local kept = max(last + SLACK - now, SLACK)
    kept = string.format('%.0f', math.ceil(kept / 4000) + 1)
    return failure('PEXPIRE', redis.pcall('PEXPIRE', KEYS[1], kept))
end

local function differs(state, before)
    for i = 1, SEEN do
        if state[i] ~= before[i] then return true end
    end
    return false
end

local time = redis.pcall('TIME')
if time.err then return failure('TIME', time) end
local now = tonumber(time[1]) * SECOND + tonumber(time[2]) * 4

local texts = redis.pcall('HMGET', KEYS[1], unpack(FIELDS))
if texts.err then return failure('HMGET', texts) end
local state, before = {}, {}
for i = 1, SEEN do
    before[i] = number(texts[i])
    state[i] = before[i]
end

local reply = { now, 0 }

local function reply_of_state()
    for i = 1, SEEN do reply[2 + i] = state[i] end
end

local function add_answer(granted, due, every)
    local last = #reply
    reply[last + 1], reply[last + 2], reply[last + 3] = granted, due, every
end

local declared = {}
for i = 1, number(ARGV[3]) do
    declared[i] = { interval = number(ARGV[2 + 2 * i]), capacity = number(ARGV[3 + 2 * i]) }
end
local first = 5 + 2 * #declared
local count = number(ARGV[first - 1])
local after = first + 5 * count

local till = number(ARGV[1])
local late = now - till
if late > 0 and late < CLOCK_CHANGED then
    reply[2] = 1
    reply_of_state()
    for _ = 1, count do add_answer(0, 0, 0) end
    return reply
end

local ahead = late > 0 and now - min(number(ARGV[2]), till) or 0
follow(state, now)
lead(state, ahead, till, now)
tame(state, declared, now)
if ARGV[after] then
    local seen = {}
    for i = 1, SEEN do seen[i] = number(ARGV[after + i - 1]) end
    lead(seen, ahead, till, now)
    heal(state, seen, declared, now)
end
-- The answers come after the state. It is filled in again below, with what they have changed.
reply_of_state()
for nth = 1, count do add_answer(act(state, now, declared, first + 5 * (nth - 1))) end

local failed
if differs(state, before) then
    state[SEEN] = now
    failed = write(state, before, now)
else
    -- A replica answers what only reads, from a clock and a state that are not its master's. This changes
    -- nothing, but no replica does it.
    failed = failure('HDEL', redis.pcall('HDEL', KEYS[1], '-'))
end
if failed then return failed end
reply_of_state()
return reply
