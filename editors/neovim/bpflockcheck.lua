-- bpflockcheck for Neovim 0.7 and later, without plugins. Put this file into
-- ~/.config/nvim/lua/ and say in init.lua: require('bpflockcheck').setup()
local M = {}

-- The nearest folder above a file that holds a config or a repository.
local function root_of(path)
  local dir = vim.fn.fnamemodify(path, ':p:h')
  local start = dir
  while true do
    for _, name in ipairs({ '.bpflockcheck.yaml', 'go.mod', '.git' }) do
      local found = dir .. '/' .. name
      if vim.fn.isdirectory(found) == 1 or vim.fn.filereadable(found) == 1 then
        return dir
      end
    end
    local parent = vim.fn.fnamemodify(dir, ':h')
    if parent == dir then
      return start
    end
    dir = parent
  end
end

local clients = {} -- by root folder, for Neovim 0.7

-- Attaches the server to a buffer; one server serves all buffers of a root.
function M.attach(bufnr, opts)
  local path = vim.api.nvim_buf_get_name(bufnr)
  if path == '' or vim.bo[bufnr].buftype ~= '' then
    return
  end
  local root = root_of(path)
  local config = {
    name = 'bpflockcheck',
    cmd = opts.cmd or { 'bpflockcheck', 'lsp' },
    root_dir = root,
    -- Neovim 0.7 sends no settings by itself, but these.
    init_options = opts.settings,
    settings = { bpflockcheck = opts.settings },
    on_attach = opts.on_attach,
  }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = bufnr })
  end
  local id = clients[root]
  if not id or not vim.lsp.get_client_by_id(id) then
    id = vim.lsp.start_client(config)
    clients[root] = id
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
  return id
end

-- opts.settings: see docs/editors.md. opts.cmd: the command, if not
-- { 'bpflockcheck', 'lsp' }. opts.filetypes: if not C and Go.
function M.setup(opts)
  opts = opts or {}
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('bpflockcheck', { clear = true }),
    pattern = opts.filetypes or { 'c', 'cpp', 'go' },
    callback = function(args)
      M.attach(args.buf, opts)
    end,
  })
end

return M
