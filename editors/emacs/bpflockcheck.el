;;; bpflockcheck.el --- Concurrency bugs in BPF programs, by Eglot -*- lexical-binding: t -*-

;; Package-Requires: ((emacs "28.1") (eglot "1.9"))

;;; Commentary:

;; Put this file into the `load-path' and say in your init file:
;;
;;   (require 'bpflockcheck)
;;   (add-hook 'c-mode-hook #'bpflockcheck-ensure)
;;   (add-hook 'c-ts-mode-hook #'bpflockcheck-ensure)
;;   (add-hook 'go-mode-hook #'bpflockcheck-ensure)
;;
;; Eglot is part of Emacs 29, and a package for Emacs 28.  It runs one server
;; for a buffer.  Where you want clangd or gopls otherwise, leave the hooks out
;; and say M-x bpflockcheck-ensure where you want this one.

;;; Code:

(require 'eglot)

(defgroup bpflockcheck nil
  "Concurrency bugs in BPF programs."
  :group 'tools)

(defcustom bpflockcheck-command '("bpflockcheck" "lsp")
  "How the language server is started."
  :type '(repeat string))

(defcustom bpflockcheck-settings nil
  "The settings, a property list such as (:kernel \"5.15\" :disable [\"BLC103\"]).
They are listed in docs/editors.md."
  :type 'plist)

(defun bpflockcheck--contact (&rest _)
  "How Eglot is to start the server."
  (append bpflockcheck-command
          (and bpflockcheck-settings
               (list :initializationOptions bpflockcheck-settings))))

;;;###autoload
(defun bpflockcheck-ensure ()
  "Use the language server in this buffer."
  (interactive)
  (setq-local eglot-server-programs
              (cons (cons major-mode #'bpflockcheck--contact)
                    eglot-server-programs))
  (eglot-ensure))

(provide 'bpflockcheck)
;;; bpflockcheck.el ends here
