--[[
relume inside darktable's AI subsystem: more light without Python on the user's machine.

Runs the package that `relume export relume --to darktable -o relume.dtmodel` writes (preferences,
AI, import from file) on the developed picture, saves the result as a TIFF of 32 bits with the
working profile, imports it and groups it. Needs darktable 5.6 or newer with AI switched on. The
new file has no camera data: darktable writes none here.
]]

local dt = require "darktable"
local shared = require "relume_shared"

local MODULE = "relume_ai"
local TASK = "relight"
-- The knobs of `relume`, in the order of its graph, with their ranges.
local KNOBS = {
  { name = "exposure", low = -2, high = 2, value = 0 },
  { name = "highlights", low = 0, high = 1, value = 0.8 },
  { name = "denoise", low = 0, high = 1, value = 1 },
  { name = "floor", low = 0, high = 8, value = 2 },
}

local function model()
  if not dt.ai then
    return nil, "this darktable has no AI subsystem, or it is switched off in the preferences"
  end
  local id = dt.ai.model_for_task(TASK)
  if not id then
    return nil, "import relume.dtmodel first: preferences, AI, import from file"
  end
  return id
end

local function number(value)
  local tensor = dt.ai.create_tensor({ 1 })
  tensor:set({ 0 }, value)
  return tensor
end

-- The picture as the network wants it, what it makes of it, and back to linear light.
local function relit(context, image, values)
  local picture = dt.ai.load_image(image)
  picture:linear_to_srgb()
  local inputs = { picture }
  for index, knob in ipairs(KNOBS) do
    local value = values[index]
    inputs[#inputs + 1] = number(math.min(math.max(value, knob.low), knob.high))
  end
  local result = context:run(table.unpack(inputs))
  result:srgb_to_linear()
  return result
end

local function run(images, values)
  local id, reason = model()
  if not id then
    dt.print(reason)
    return 0
  end
  -- On the processor: a graphics card compiles anew for every size of picture.
  local context = dt.ai.load_model(id, "CPU")
  local count = shared.each(images, function(image)
    local target = shared.free_name(image)
    local done, fault = pcall(function()
      relit(context, image, values):save_tiff(target, 32, image)
      dt.database.import(target):group_with(image.group_leader)
    end)
    if not done then
      os.remove(target)
      return nil, "relume could not enhance " .. image.filename .. ": " .. tostring(fault)
    end
    return target
  end)
  context:close()
  return count
end

local sliders = {}
for _, knob in ipairs(KNOBS) do
  sliders[#sliders + 1] = dt.new_widget("slider") {
    label = knob.name, soft_min = knob.low, soft_max = knob.high,
    hard_min = knob.low, hard_max = knob.high, step = 0.1, digits = 2, value = knob.value,
  }
end

local button = dt.new_widget("button") {
  label = "enhance",
  clicked_callback = function()
    local values = {}
    for index, slider in ipairs(sliders) do
      values[index] = slider.value
    end
    run(dt.gui.action_images, values)
  end,
}

local parts = { orientation = "vertical", table.unpack(sliders) }
parts[#parts + 1] = button

dt.register_lib(
  MODULE, "relume (AI)", true, false,
  { [dt.gui.views.lighttable] = { "DT_UI_CONTAINER_PANEL_RIGHT_CENTER", 101 } },
  dt.new_widget("box")(parts)
)

return {
  run = run,
  knobs = KNOBS,
  metadata = {
    name = "relume (AI)",
    purpose = "more light for dark pictures, without another program",
    author = "The relume developers",
    help = "docs/editors.md of relume",
  },
  destroy = function()
    dt.gui.libs[MODULE].visible = false
  end,
}
