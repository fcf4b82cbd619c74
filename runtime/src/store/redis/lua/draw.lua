
-- draw.rs

local MAX_CALLS = 32

-- Buckets::of
local function buckets(state, now, usual, drain, is_calls)
    local limits = slowed(state, usual, now)
    local all = {
        now = now, from = max(now, state.paused_until), limits = limits,
        full_at = {}, opens = {}, brim = {}, spilt_at = {}, touched = {}, headroom = {},
    }
    for i = 1, #limits do
        local limit = limits[i]
        local full_at = state[FULL_AT[i]]
        if full_at < now then full_at = now end
        all.spilt_at[i], all.brim[i] = state[SPILT_AT[i]], 0
        all.opens[i] = closed_until(state, i, now)
        if is_calls then all.headroom[i] = headroom_of(state, i) end
        if drain then
            full_at = max(full_at, now + limit.capacity)
            all.touched[i] = true
        end
        if limit ~= usual[i] then
            all.brim[i] = limit.capacity - limit.interval
            full_at = max(full_at, now + all.brim[i])
        end
        all.full_at[i] = full_at
    end
    if state.paused_until > now then
        all.full_at[1] = max(all.full_at[1], state.paused_until + limits[1].capacity)
    end
    return all
end

-- Buckets::wait
local function wait(all)
    local longest
    for i = 1, #all.limits do
        local limit = all.limits[i]
        local full_at = max(all.full_at[i] + limit.interval, all.opens[i] + limit.capacity)
        local one = full_at - (limit.capacity + all.now)
        if not longest or one > longest then longest = one end
    end
    return longest
end

-- Level::take; answers full_at and spilt_at
local function level_after(all, i, price, used)
    local full_at, spilt_at, full = all.full_at[i], all.spilt_at[i], used + all.brim[i]
    if full_at <= full then full_at, spilt_at = full, max(spilt_at, used) end
    return full_at + price, spilt_at
end

-- Buckets::draw; answers granted, wait, every
local function draw(all, tokens, horizon, longest)
    local limit, due = all.limits[1], wait(all)
    local room = floor(above(all.from + furthest(limit), all.full_at[1]) / limit.interval)
    local most = min(tokens, room)
    if most == 0 or max(due, 0) > longest then return 0, due, 0 end
    local every = limit.interval
    local granted = min(floor(above(horizon, due) / every) + 1, most)
    all.full_at[1], all.spilt_at[1] = level_after(all, 1, every * granted, all.now + max(due, 0))
    all.touched[1] = true
    return granted, due, every
end

-- Buckets::due; answers the instant, and the number of the limit that it waits for
local function due_of(all, costs, from)
    local due, last = from, 0
    for i = 1, #all.limits do
        local limit = all.limits[i]
        local cost = costs[i]
        if cost and cost > 0 then
            local price = limit.interval * cost
            if price > limit.capacity then price = limit.capacity end
            local at = above(all.full_at[i] + price, limit.capacity)
            if at < all.opens[i] then at = all.opens[i] end
            if at > due then due, last = at, i - 1 end
        end
    end
    return due, last
end

local MAX_HEADROOM = 4

-- Headroom::merge
local function merge(list)
    local nearest, least = 1, huge
    for n = 1, MAX_HEADROOM - 1 do
        local gap = list[2 * n + 2] - list[2 * n]
        if gap < least then nearest, least = n, gap end
    end
    -- The later one, with the room of the earlier.
    list[2 * nearest + 2] = list[2 * nearest]
    for n = 2 * nearest - 1, 2 * MAX_HEADROOM - 2 do list[n] = list[n + 2] end
end

-- Headroom::add
local function add_headroom(list, at, room, spilt_at)
    while list[1] and list[1] <= spilt_at do
        table.remove(list, 1)
        table.remove(list, 1)
    end
    local size = #list
    if size > 0 and list[size - 1] >= at or at <= spilt_at then return end
    while size > 0 and list[size] >= room do
        list[size - 1], list[size] = nil, nil
        size = size - 2
    end
    if size == 2 * MAX_HEADROOM then
        merge(list)
        size = size - 2
    end
    list[size + 1], list[size + 2] = at, room
end

-- Buckets::take
local function take(all, costs, used)
    local full_at, spilt_at = {}, {}
    for i = 1, #all.limits do
        local limit = all.limits[i]
        local cost = costs[i]
        if cost and cost > 0 then
            local price = limit.interval * cost
            if price > limit.capacity then price = min(price, most_of(limit)) end
            full_at[i], spilt_at[i] = level_after(all, i, price, used)
            local last = all.from + limit.capacity
            if full_at[i] > last and full_at[i] > all.from + deepest(limit) then return false end
        else
            full_at[i], spilt_at[i] = false, false
        end
    end
    for i = 1, #full_at do
        if full_at[i] then
            local room = above(all.full_at[i], used + all.brim[i])
            add_headroom(all.headroom[i], used, room, spilt_at[i])
            all.full_at[i], all.spilt_at[i], all.touched[i] = full_at[i], spilt_at[i], true
        end
    end
    return true
end

-- Buckets::serve; answers granted, wait, every, and adds wait and row of each call
local function serve(all, runs, horizon, longest, served)
    local used, first, granted = all.from, nil, 0
    for _, run in ipairs(runs) do
        for _ = 1, run.count do
            local due, row = due_of(all, run.costs, used)
            local ahead = due - all.now
            first = first or ahead
            if ahead > (granted == 0 and longest or horizon) or not take(all, run.costs, due) then
                return granted, first, 0
            end
            used, granted = due, granted + 1
            served[#served + 1], served[#served + 2] = ahead, row
        end
    end
    return granted, first or wait(all), 0
end

-- Buckets::keep
local function keep(all, state)
    for i in pairs(all.touched) do
        state[FULL_AT[i]], state[SPILT_AT[i]] = all.full_at[i], all.spilt_at[i]
        if all.headroom[i] then state[HEADROOM[i]] = packed_headroom(all.headroom[i]) end
    end
end
