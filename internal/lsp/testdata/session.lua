-- Drives Neovim (0.7 or later) through a session as a user would: open a file,
-- see the finding, choose the fix from the menu of code actions, see it gone.
-- The configuration is the one that is given to users. Environment: SERVER
-- (command), PLUGIN (folder of bpflockcheck.lua), REPORT (output file).
package.path = vim.env.PLUGIN .. '/?.lua;' .. package.path
local report = { log = {} }

local function finish(err)
  report.error = err
  local f = assert(io.open(vim.env.REPORT, 'w'))
  f:write(vim.json and vim.json.encode(report) or vim.fn.json_encode(report))
  f:close()
  vim.cmd(err and 'cquit!' or 'qall!')
end

local ok, err = pcall(function()
  local bufnr = vim.api.nvim_get_current_buf()
  -- As in a user's init.lua; the file was opened before, so once more.
  require('bpflockcheck').setup({
    cmd = { vim.env.SERVER, 'lsp' },
    settings = { disable = { 'BLC104', 'BLC106' } },
  })
  vim.cmd('setfiletype c')
  vim.cmd('doautocmd FileType c')
  local id
  assert(vim.wait(60000, function()
    for _, client in pairs(vim.lsp.get_active_clients()) do
      if client.name == 'bpflockcheck' then id = client.id end
    end
    return id ~= nil
  end, 20), 'the server does not start')
  report.root = vim.lsp.get_client_by_id(id).config.root_dir

  local function messages()
    local out = {}
    for _, d in ipairs(vim.diagnostic.get(bufnr)) do
      out[#out + 1] = { line = d.lnum + 1, col = d.col, code = d.code or vim.tbl_get(d, 'user_data', 'lsp', 'code'), message = d.message, severity = d.severity }
    end
    table.sort(out, function(a, b) return a.line < b.line end)
    return out
  end
  assert(vim.wait(60000, function() return #messages() == 2 end, 20), 'no diagnostics: ' .. vim.inspect(messages()))
  report.before = messages()

  -- Choose from the menu of code actions.
  vim.ui.select = function(items, opts, choose)
    report.menu = {}
    for _, item in ipairs(items) do
      report.menu[#report.menu + 1] = opts.format_item and opts.format_item(item) or tostring(item)
    end
    for i, title in ipairs(report.menu) do
      if title:find('Fix: make it atomic', 1, true) then return choose(items[i], i) end
    end
    report.no_fix = true
    choose(nil)
  end
  vim.api.nvim_win_set_cursor(0, { report.before[2].line, report.before[2].col })
  vim.lsp.buf.code_action()
  assert(vim.wait(60000, function() return report.no_fix or #messages() == 1 end, 20) and not report.no_fix, 'the finding stays: ' .. vim.inspect(messages()) .. vim.inspect(report.menu))
  report.after = messages()
  report.text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n')

  -- The hover on the other one.
  local params = vim.lsp.util.make_position_params(0, vim.lsp.get_client_by_id(id).offset_encoding)
  params.position = { line = report.after[1].line - 1, character = report.after[1].col }
  local answer = vim.lsp.buf_request_sync(bufnr, 'textDocument/hover', params, 120000)
  report.hover = answer and answer[id] and answer[id].result and answer[id].result.contents.value

  vim.lsp.stop_client(id)
  assert(vim.wait(60000, function() return vim.lsp.get_client_by_id(id) == nil or vim.lsp.get_client_by_id(id).is_stopped() end, 20), 'the server does not stop')
end)
finish(not ok and tostring(err) or nil)
