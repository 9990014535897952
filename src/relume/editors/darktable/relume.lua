--[[
relume for darktable: more light for dark pictures, in the lighttable.

Exports each selected picture as a TIFF of 16 bits, lets the command `relume` enhance the copy,
imports the result beside the picture and groups the two. Needs darktable with Lua API 7.0 or newer
and relume (`pip install relume`). Installed by `relume install-plugin darktable`, which writes
where the command is into relume_command.lua; else it is looked for on the PATH.
]]

local dt = require "darktable"
local shared = require "relume_shared"

local MODULE = "relume"
local ON_WINDOWS = shared.ON_WINDOWS

-- A word for the shell: darktable hands the whole line to one.
local function quoted(word)
  if not ON_WINDOWS then
    return "'" .. word:gsub("'", "'\\''") .. "'"
  end
  if word:find('["%%!\r\n]') then
    error("relume: a path with any of \" % ! cannot be given to a command: " .. word)
  end
  return '"' .. word .. '"'
end

local function command()
  local found, words = pcall(require, "relume_command")
  if not found then
    words = { "relume" }
  end
  local line = {}
  for _, word in ipairs(words) do
    line[#line + 1] = quoted(word)
  end
  return table.concat(line, " ")
end

local function line_for(source, target, settings)
  local line = command() .. " edit " .. quoted(source) .. " --output " .. quoted(target) .. " --quiet"
  line = line .. " --method " .. quoted(settings.method)
  line = line .. string.format(" --strength %.2f", settings.strength)
  -- %g follows no locale's comma in Lua 5.4 with darktable's "C" numbers; a comma is mended anyway.
  if settings.method == "relume" then
    line = line .. (string.format(" --knob exposure=%.2f", settings.exposure):gsub(",", "."))
  end
  line = line:gsub("(%-%-strength %d+),(%d+)", "%1.%2")
  if ON_WINDOWS then
    line = '"' .. line .. '"' -- its shell takes away the outermost quotes
  end
  return line
end

local function enhanced(image, settings)
  local format = dt.new_format("tiff")
  format.bpp = 16
  local copy = os.tmpname()
  os.remove(copy)
  copy = copy .. ".tif"
  local target = shared.free_name(image)
  -- It returns true when it failed in some versions and nothing in others: look at the file.
  format:write_image(image, copy, true)
  local written = io.open(copy, "rb")
  if not written then
    return nil, "darktable could not export " .. image.filename
  end
  written:close()
  local code = dt.control.execute(line_for(copy, target, settings))
  os.remove(copy)
  if code ~= 0 then
    os.remove(target)
    return nil, "relume could not enhance " .. image.filename .. "; is it installed?"
  end
  local made = dt.database.import(target)
  if not made then
    return nil, "darktable could not import " .. target
  end
  made:group_with(image.group_leader)
  for _, tag in ipairs(dt.tags.get_tags(image)) do
    if not tag.name:find("^darktable|") then
      dt.tags.attach(tag, made)
    end
  end
  made.rating = image.rating
  return made
end

local function run(images, settings)
  if #images == 0 then
    dt.print("relume: select pictures first")
    return 0
  end
  local count = shared.each(images, function(image)
    return enhanced(image, settings)
  end)
  dt.print(string.format("relume: %d of %d pictures enhanced", count, #images))
  return count
end

local method = dt.new_widget("combobox") {
  label = "method",
  tooltip = "auto leaves alone what is right as it is",
  value = 1,
  "auto", "relume", "exposure", "fusion",
}
local exposure = dt.new_widget("slider") {
  label = "exposure",
  tooltip = "stops brighter or darker than relume finds right; of the method relume",
  soft_min = -2, soft_max = 2, hard_min = -2, hard_max = 2, step = 0.1, digits = 1, value = 0,
}
local strength = dt.new_widget("slider") {
  label = "strength",
  tooltip = "how far to go from the picture to the result",
  soft_min = 0, soft_max = 1, hard_min = 0, hard_max = 1, step = 0.05, digits = 2, value = 1,
}

local function settings()
  return { method = method.value, exposure = exposure.value, strength = strength.value }
end

local button = dt.new_widget("button") {
  label = "enhance",
  tooltip = "enhance the selected pictures",
  clicked_callback = function()
    run(dt.gui.action_images, settings())
  end,
}

dt.register_lib(
  MODULE, "relume", true, false,
  { [dt.gui.views.lighttable] = { "DT_UI_CONTAINER_PANEL_RIGHT_CENTER", 100 } },
  dt.new_widget("box") { orientation = "vertical", method, exposure, strength, button }
)

local function destroy()
  dt.gui.libs[MODULE].visible = false
end

return {
  run = run,
  metadata = {
    name = "relume",
    purpose = "more light for dark pictures",
    author = "The relume developers",
    help = "docs/editors.md of relume",
  },
  destroy = destroy,
  destroy_method = "hide",
  restart = function()
    dt.gui.libs[MODULE].visible = true
  end,
  show = function()
    dt.gui.libs[MODULE].visible = true
  end,
}
