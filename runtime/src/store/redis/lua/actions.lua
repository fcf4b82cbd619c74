
-- settle.rs, slots.rs, budget.rs, step.rs

local SHORTEST_EXTENSION = SECOND / 20
local LEASE_TIME = 10 * SECOND
local MAX_LEASES = 64
local MAX_SLOTS = 1048576 -- 2^20
local TRICKLED = 1000
local MAX_UNITS = 1125899906842624 -- 2^50

-- Headroom::give_back; answers how much is given back
local function give_back_headroom(state, i, drawn_at, price, drawn)
    local list, kept, first = headroom_of(state, i), {}, nil
    for n = 1, #list, 2 do
        if list[n] > drawn_at then price = min(price, max(list[n + 1], drawn_at + drawn - list[n])) end
    end
    for n = 1, #list, 2 do
        if list[n] > drawn_at then
            list[n + 1] = above(list[n + 1], price)
            first = first or list[n + 1]
        end
    end
    for n = 1, #list, 2 do
        if list[n] > drawn_at or not first or list[n + 1] < first then
            kept[#kept + 1], kept[#kept + 2] = list[n], list[n + 1]
        end
    end
    state[HEADROOM[i]] = packed_headroom(kept)
    return price
end

-- RowState::give_back
local function give_back(state, i, price, drawn, drawn_at, full, now)
    local full_at = state[FULL_AT[i]]
    drawn_at = min(drawn_at, full_at)
    if state[SPILT_AT[i]] > drawn_at or full_at <= full then return end
    price = give_back_headroom(state, i, drawn_at, min(price, full_at - full), drawn)
    full_at = full_at - price
    if full_at <= full then
        full_at = full
        state[SPILT_AT[i]] = max(state[SPILT_AT[i]], now + 1)
    end
    state[FULL_AT[i]] = full_at
end

-- RowState::charge, after RowState::find_full and Headroom::add; answers the tokens that were forgiven
local function charge(state, i, tokens, limit, full, now)
    if state[FULL_AT[i]] <= full then
        state[FULL_AT[i]], state[SPILT_AT[i]] = full, max(state[SPILT_AT[i]], now)
    end
    local full_at, list = state[FULL_AT[i]], headroom_of(state, i)
    add_headroom(list, now, full_at - full, state[SPILT_AT[i]])
    state[HEADROOM[i]] = packed_headroom(list)
    local last = max(full_at, max(now, state.paused_until) + most_of(limit))
    local charged = min(full_at + min(limit.interval * tokens, most_of(limit)), last) - full_at
    state[FULL_AT[i]] = full_at + charged
    return tokens - min(tokens, floor(charged / limit.interval))
end

-- State::settle
local function settle(state, deltas, drawn, drawn_at, declared, usual, now)
    local forgiven = 0
    for i, limit in ipairs(slowed(state, usual, now)) do
        local delta = deltas[i] or 0
        local full = now + (limit ~= usual[i] and limit.capacity - limit.interval or 0)
        if delta < 0 then
            local every = min(usual[i].interval, declared[i].interval)
            local of = limit == usual[i] and min(every * drawn[i], most_of(limit)) or 0
            give_back(state, i, every * -delta, of, drawn_at, full, now)
        elseif delta > 0 then
            forgiven = forgiven + charge(state, i, delta, limit, full, now)
        end
    end
    return min(forgiven, MAX_TOKENS)
end

-- State::reopen_empty
local function reopen_empty(state, now, till, usual)
    local pacing = slowed(state, usual, now)[1]
    state.generation = state.generation + 1
    state[FULL_AT[1]] = till + pacing.capacity
    state[SPILT_AT[1]] = max(till, last_drawn_at(state, 1) + 1)
    state[HEADROOM[1]] = 0
end

-- State::pause
local function pause(state, now, duration, kind, usual)
    local till = now + duration
    if till <= max(state.paused_until, now) then return end
    if state.paused_until > now then
        local extended = state.paused_until + SHORTEST_EXTENSION
        till = max(till, min(extended, now + LONGEST_PAUSE))
    end
    state.paused_until, state.pause_kind = till, kind
    reopen_empty(state, now, till, usual)
end

-- State::resume
local function resume(state, now, forget, usual)
    if forget then
        for i = 1, rows do state[LEARNT_INTERVAL[i]], state[LEARNT_UNTIL[i]] = 0, 0 end
    end
    if state.paused_until <= now then return end
    state.lifted_until = max(state.lifted_until, state.paused_until)
    state.paused_until = now
    reopen_empty(state, now, now, usual)
end

-- State::replace_limits
local function replace_limits(state, now, declared, usual, limits, duration)
    local earlier = {}
    for i = 1, #declared do earlier[i] = usual[i].interval end
    clear_override(state)
    if duration > 0 then
        state.override_until = now + duration
        rows = max(rows, #limits)
        for i = 1, #limits do
            local limit = limits[i]
            state[OVERRIDE_INTERVAL[i]], state[OVERRIDE_CAPACITY[i]] = limit.interval, limit.capacity
        end
    end
    forget_cheaper(state, earlier, declared, now)
end

-- State::reap; answers the leases, and the one of this process
local function reap(state, process, last, now)
    local leases, own = {}, nil
    for _, lease in ipairs(unpacked(state.leases, LEASE, LEASE_SIZE)) do
        lease[2], lease[3], lease[4] = min(lease[2], MAX_SLOTS), min(lease[3], MAX_SLOTS), min(lease[4], last)
        if lease[4] > now and #leases < MAX_LEASES then
            leases[#leases + 1] = lease
            if lease[1] == process and not own then own = #leases end
        end
    end
    return leases, own
end

-- parts.rs
local function callers(lease)
    return max(lease[2] + lease[3], 1)
end

local function turn(leases, at, most, held)
    local ahead = 0
    for i = 1, at - 1 do
        if (leases[i][2] > 0) == (leases[at][2] > 0) then ahead = ahead + 1 end
    end
    if leases[at][2] > 0 then return ahead >= #leases - most and 1 or 0 end
    return ahead < above(most, held) and 1 or 0
end

local function part(leases, at, most, held)
    local all, waits = 0, false
    for i, lease in ipairs(leases) do
        all = all + callers(lease)
        waits = waits or (i ~= at and lease[3] > 0)
    end
    if not waits or all <= most then return huge end
    if #leases > most then return turn(leases, at, most, held) end
    local spare, others = most - #leases, all - #leases
    local function exact(i)
        return spare * (callers(leases[i]) - 1)
    end
    local left, before, own = spare, 0, exact(at) % others
    for i = 1, #leases do
        left = left - floor(exact(i) / others)
        local rest = exact(i) % others
        if rest > own or rest == own and i < at then before = before + 1 end
    end
    return 1 + floor(exact(at) / others) + (own > 0 and before < left and 1 or 0)
end

-- State::share
local function share(leases, at, most)
    local held = 0
    for _, lease in ipairs(leases) do held = held + lease[2] end
    return min(above(most, held), above(part(leases, at, most, held), leases[at][2]))
end

-- State::lease
local function lease_slots(state, claim, now)
    local last = now + LEASE_TIME
    local leases, at = reap(state, claim.process, last, now)
    if not at and #leases >= MAX_LEASES then
        state.leases = packed(leases, LEASE)
        return 0
    end
    local had = at and leases[at][2] or 0
    local kept = min(had, claim.held)
    local wants = min(max(claim.want, claim.waiting), MAX_SLOTS)
    local lease = { claim.process, kept, wants, last }
    at = at or #leases + 1
    leases[at] = lease
    local function to_end()
        table.insert(leases, table.remove(leases, at))
        at = #leases
    end
    if had > 0 and kept == 0 then to_end() end
    local granted = min(share(leases, at, min(claim.most, MAX_SLOTS)), claim.want)
    lease[2], lease[3] = kept + granted, min(wants - granted, claim.waiting)
    if lease[2] == 0 and lease[3] == 0 then
        table.remove(leases, at)
    else
        if kept == 0 and granted > 0 then to_end() end
        state.kept_until = max(state.kept_until, last)
    end
    state.leases = packed(leases, LEASE)
    return lease[2]
end

-- BudgetState::refill and BudgetState::settle; answers what is missing
local function refill(state, most, trickle, now)
    local at = min(state.budget_at, now)
    local missing = min(state.budget_missing, most, MAX_UNITS)
    local passed = now - at
    if passed >= HOUR then
        missing = 0
    elseif trickle == 0 then
        at = now
    else
        local spans = floor(passed / trickle)
        missing = above(missing, spans * TRICKLED)
        at = at + trickle * spans
    end
    state.budget_missing, state.budget_at = missing, missing > 0 and at or 0
    return missing
end

-- BudgetState::deposit
local function deposit(state, units, most, trickle, now)
    state.budget_missing = above(refill(state, most, trickle, now), units)
    if state.budget_missing == 0 then state.budget_at = 0 end
    return 1
end

-- BudgetState::withdraw
local function withdraw(state, units, most, trickle, now)
    local missing = refill(state, most, trickle, now)
    if missing + units > min(most, MAX_UNITS) then return 0 end
    if missing == 0 then state.budget_at = now end
    state.budget_missing = missing + units
    if state.budget_missing == 0 then state.budget_at = 0 end
    return 1
end
