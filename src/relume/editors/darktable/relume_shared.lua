-- What the scripts of relume for darktable share; it is no script of its own.

local dt = require "darktable"

local ON_WINDOWS = package.config:sub(1, 1) == "\\"

-- A name beside the picture that nothing has yet.
local function free_name(image)
  local stem = image.path .. (ON_WINDOWS and "\\" or "/") .. image.filename:gsub("%.[^.]*$", "")
  local count, name = 0, stem .. ".relume.tif"
  while true do
    local there = io.open(name, "rb")
    if not there then
      return name
    end
    there:close()
    count = count + 1
    name = string.format("%s.relume_%02d.tif", stem, count)
  end
end

-- Work on pictures one after the other under a job that can be stopped; return how many were done.
-- `work` returns what it made, or nothing and the reason.
local function each(images, work)
  local stopped = false
  local job = dt.gui.create_job("relume", true, function(self)
    stopped = true
  end)
  local count = 0
  for index, image in ipairs(images) do
    if stopped or dt.control.ending then
      break
    end
    local made, reason = work(image)
    if made then
      count = count + 1
    else
      dt.print_error(reason)
      dt.print(reason)
    end
    if job.valid then
      job.percent = index / #images
    end
  end
  if job.valid then
    job.valid = false
  end
  return count
end

return { ON_WINDOWS = ON_WINDOWS, free_name = free_name, each = each }
